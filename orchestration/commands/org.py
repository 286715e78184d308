"""`routiq org`: the organizations and their Cliniko keys."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.readable import readable_errors
from orchestration.errors import CommandError

if TYPE_CHECKING:
    from warehouse.organizations import Organization
    from warehouse.sealing import Secret


class NoteReaders(StrEnum):
    """Who reads treatment notes."""

    ADMINS = "admins"
    EVERYBODY = "everybody"
    NOBODY = "nobody"


READERS = {
    NoteReaders.ADMINS: ("admin",),
    NoteReaders.EVERYBODY: ("admin", "member"),
    NoteReaders.NOBODY: (),
}
org = typer.Typer(name="org", help="Organizations and their Cliniko keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(org)


@org.command()
def add(
    organization_id: Annotated[str, typer.Option("--id", help="As the issuer of tokens calls it.")],
    name: Annotated[str, typer.Option(help="Its name for people.")],
    api_key_file: Annotated[Path, typer.Option(help="A file with the Cliniko API key; - is standard input.")],
    base_url: Annotated[
        str | None, typer.Option(help="Cliniko's address; made from the key's shard when not given.")
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="Two letters, for reading phone numbers (AU when not given).")
    ] = None,
) -> None:
    """Check a key against Cliniko and store it sealed; run it again to replace the key."""
    from ingestion.keys import check_key, note_check  # noqa: PLC0415 - help must answer at once
    from ingestion.pipeline import prepare_dlt  # noqa: PLC0415
    from warehouse.organizations import add_organization  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    key = _read_key(api_key_file)
    with readable_errors():
        settings = Settings.load()
        checked = check_key(key, base_url)
        add_organization(settings, organization_id, name, checked.base_url, key, country)
        note_check(settings, organization_id)
        prepare_dlt(settings)
    typer.echo(f"{organization_id}: key stored (user {checked.user_id}, role {checked.role or 'not told'})")


@org.command("set")
def set_(
    organization_id: Annotated[str, typer.Argument(help="As the issuer of tokens calls it.")],
    *,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether its people are let in at all.")
    ] = None,
    sync: Annotated[
        bool | None, typer.Option("--sync/--no-sync", help="Whether it is synced every hour.")
    ] = None,
    treatment_notes: Annotated[
        NoteReaders | None, typer.Option(help="Who reads treatment notes (admins at first).")
    ] = None,
) -> None:
    """Change how an organization is treated; what is not named stays. The API follows at once."""
    from warehouse.organizations import UnknownOrganizationError, change_organization  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors():
        try:
            changed = change_organization(
                Settings.load(),
                organization_id,
                is_active=active,
                sync_enabled=sync,
                treatment_note_roles=None if treatment_notes is None else READERS[treatment_notes],
            )
        except UnknownOrganizationError:
            raise CommandError(
                f"no organization is called {organization_id}; see `routiq org list`"
            ) from None
    typer.echo(_line(changed))
    typer.echo(f"  {_standing(changed)}")


@org.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False) -> None:
    """Show the organizations."""
    from warehouse.organizations import list_organizations  # noqa: PLC0415 - help must answer at once
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors():
        organizations = list_organizations(Settings.load())
    if as_json:
        typer.echo(json.dumps([vars(one) for one in organizations], default=str))
        return
    for one in organizations:
        typer.echo(_line(one))


def _standing(one: "Organization") -> str:
    notes = " and ".join(f"{role}s" for role in one.treatment_note_roles) or "nobody"
    return (
        f"{'active' if one.is_active else 'inactive'}, "
        f"{'synced every hour' if one.sync_enabled else 'not synced by itself'}, treatment notes: {notes}"
    )


def _line(one: "Organization") -> str:
    synced = f"synced {one.last_synced_at:%Y-%m-%d %H:%M} UTC" if one.last_synced_at else "never synced"
    return f"{one.organization_id:24} {one.name:32} {one.country}  {one.base_url or 'no key':40} {synced}"


def _read_key(path: Path) -> "Secret":
    from warehouse.sealing import Secret  # noqa: PLC0415 - help must answer at once

    try:
        written = sys.stdin.read() if str(path) == "-" else path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"the key file {path} cannot be read ({type(error).__name__})") from None
    key = written.strip()
    if not key or not key.isascii() or not key.isprintable():
        raise CommandError(f"{path} holds no API key: one line of plain text is expected")
    return Secret(key)


@org.command()
def remove(
    organization_id: Annotated[str, typer.Argument(metavar="ORG", help="As the issuer of tokens calls it.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove an organization with all its data, its key and its record of who saw whom, for good."""
    from ingestion.pipeline import empty_folders  # noqa: PLC0415 - help must answer at once
    from orchestration.build import build_lock  # noqa: PLC0415
    from orchestration.commands.erase import operator  # noqa: PLC0415
    from orchestration.partitions import forget_partition  # noqa: PLC0415
    from warehouse.erasing import ErasingError  # noqa: PLC0415
    from warehouse.removing import remove_organization  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    if (
        not yes
        and typer.prompt(f"all data of {organization_id} will be gone; type its id") != organization_id
    ):
        raise CommandError("that is another id; nothing was removed")
    with readable_errors():
        settings = Settings.load()
        try:
            with build_lock(settings):
                rows = remove_organization(settings, organization_id, operator())
        except ErasingError as error:
            raise CommandError(str(error)) from None
        empty_folders(settings, organization_id)
        forget_partition(settings, organization_id)
    typer.echo(f"{organization_id}: {sum(rows.values())} rows of {len(rows)} tables removed")
    typer.echo("backups made before hold it still: destroy them when you may")
