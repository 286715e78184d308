"""`routiq org`: the organizations and their Cliniko keys."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operations.commands.known import known_organization
from operations.commands.readable import readable_errors
from operations.errors import CommandError
from warehouse.loopback import is_loopback_url

if TYPE_CHECKING:
    from ingestion.keys import CheckedKey
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
Id = Annotated[str, typer.Argument(metavar="ORG", help="As the issuer of tokens calls it.")]
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
        str | None,
        typer.Option(help="Two letters, for reading phone numbers; as Cliniko's settings say if not given."),
    ] = None,
) -> None:
    """Check a key against Cliniko and store it sealed; again, for the same account: a new name and key."""
    from ingestion.countries import country_given  # noqa: PLC0415 - help must answer at once
    from ingestion.keys import check_key, note_check  # noqa: PLC0415
    from ingestion.pipeline import prepare_dlt  # noqa: PLC0415
    from warehouse.organizations import add_organization  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    key = _read_key(api_key_file)
    with readable_errors():
        settings = Settings.load()
        code = country_given(country) if country is not None else None
        checked = check_key(key, base_url)
        if code is None and checked.account.country_code is None:
            raise CommandError("Cliniko's settings name no country that is known; say it: `--country AU`")
        add_organization(settings, organization_id, name, checked.base_url, key, code, checked.account)
        note_check(settings, organization_id, checked.requests)
        prepare_dlt(settings)
    typer.echo(_stored(organization_id, checked))


@org.command("rotate-key")
def rotate_key(
    organization_id: Id,
    api_key_file: Annotated[Path, typer.Option(help="A file with the new API key; - is standard input.")],
    base_url: Annotated[
        str | None, typer.Option(help="Cliniko's address; made from the key's shard when not given.")
    ] = None,
) -> None:
    """Check a new key, and that it belongs to the same Cliniko account, and store it for the old one."""
    from ingestion.keys import check_key, note_check  # noqa: PLC0415 - help must answer at once
    from warehouse import organizations  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    key = _read_key(api_key_file)
    with readable_errors():
        settings = Settings.load()
        stored = known_organization(settings, organization_id).base_url or ""
        # a sandbox stays where it is; another shard is told by the key
        checked = check_key(key, base_url or (stored if is_loopback_url(stored) else None))
        organizations.rotate_key(settings, organization_id, checked.base_url, key, checked.account)
        note_check(settings, organization_id, checked.requests)
    typer.echo(_stored(organization_id, checked))


@org.command()
def rewrap() -> None:
    """Take every stored key over from ROUTIQ_MASTER_KEY_OLD to ROUTIQ_MASTER_KEY; may be run again.

    A new master key is 32 bytes in base64 (`openssl rand -base64 32`). Set both, run this, then delete the
    old one; the old one still opens the backups that were made before.
    """
    from warehouse.organizations import rewrap_keys  # noqa: PLC0415 - help must answer at once
    from warehouse.sealing import SealError  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors():
        settings = Settings.load()
        try:
            old_key = settings.old_master_key_bytes()
            if old_key is None:
                raise CommandError("set ROUTIQ_MASTER_KEY_OLD to the master key that is to be replaced")
            rewrapped = rewrap_keys(settings, old_key)
        except (SealError, ValueError) as error:
            raise CommandError(str(error)) from None
    names = ", ".join(rewrapped) or "nothing, all were"
    typer.echo(f"wrapped by the new master key: {names}; now delete ROUTIQ_MASTER_KEY_OLD")


@org.command()
def pause(organization_id: Id) -> None:
    """Let nobody of an organization in and sync it no more, until it is resumed; its data stay."""
    _change(organization_id, is_active=False)


@org.command()
def resume(organization_id: Id) -> None:
    """Let the people of a paused organization in again, and go on with its syncs."""
    _change(organization_id, is_active=True)


@org.command("set")
def set_(
    organization_id: Id,
    *,
    sync: Annotated[
        bool | None, typer.Option("--sync/--no-sync", help="Whether it is synced every hour.")
    ] = None,
    treatment_notes: Annotated[
        NoteReaders | None, typer.Option(help="Who reads treatment notes (admins at first).")
    ] = None,
) -> None:
    """Change how an organization is treated; what is not named stays. The API follows at once."""
    roles = None if treatment_notes is None else READERS[treatment_notes]
    _change(organization_id, sync_enabled=sync, treatment_note_roles=roles)


def _change(organization_id: str, **changes: Any) -> None:
    from warehouse.organizations import change_organization  # noqa: PLC0415 - help must answer at once
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors():
        settings = Settings.load()
        known_organization(settings, organization_id)
        changed = change_organization(settings, organization_id, **changes)
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
    if not one.is_active:
        return "paused: nobody is let in and nothing synced, until `routiq org resume`"
    return (
        f"active, {'synced every hour' if one.sync_enabled else 'not synced by itself'}, "
        f"treatment notes: {notes}"
    )


def _line(one: "Organization") -> str:
    address = one.base_url or "no key"
    synced = f"synced {one.last_synced_at:%Y-%m-%d %H:%M} UTC" if one.last_synced_at else "never synced"
    state = synced if one.is_active else f"paused, {synced}"
    return f"{one.organization_id:24} {one.name:32} {one.country}  {address:40} {state}"


def _stored(organization_id: str, checked: "CheckedKey") -> str:
    role = checked.role or "not told"
    return f"{organization_id}: key stored ({checked.account}, user {checked.user_id}, role {role})"


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
    from operations.commands.erase import operator  # noqa: PLC0415
    from orchestration.dbt.build import build_lock  # noqa: PLC0415
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
