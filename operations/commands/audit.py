"""`routiq audit`: is the record of who saw whom whole, and who has seen a patient?"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operations.commands.known import known_organization
from operations.commands.output import print_json
from operations.commands.readable import readable_errors
from operations.errors import CommandError

if TYPE_CHECKING:
    from warehouse.audit import Chain, Head

audit = typer.Typer(name="audit", help="The record of who saw which patients.", no_args_is_help=True)
Organization = Annotated[str | None, typer.Option(help="Only this organization; all of them without it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def register(app: typer.Typer) -> None:
    app.add_typer(audit)


@audit.command()
def verify(
    organization: Organization = None,
    heads: Annotated[
        Path | None,
        typer.Option(
            help="A file that keeps where each chain ended: what was noted last time must still be there. "
            "Keep it where the database's owner cannot write."
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check that no row was changed, removed, put in or moved; ends with 1 and names the rows otherwise."""
    from warehouse import audit as log  # noqa: PLC0415 - help must answer at once
    from warehouse.removing import was_removed  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    noted = read_heads(heads)
    with readable_errors():
        settings = Settings.load()
        if organization is not None and organization not in noted:
            known_organization(settings, organization)
        chains = log.verify(settings, organization, noted)
        known = {chain.organization_id for chain in chains}
        missing = [name for name in noted if name not in known and organization in {None, name}]
        lost = [name for name in missing if not was_removed(settings, name)]
    is_whole = not lost and not any(chain.findings for chain in chains)
    if as_json:
        print_json({"is_whole": is_whole, "lost": lost, "chains": [as_document(chain) for chain in chains]})
    else:
        show(chains, lost)
    if not is_whole:
        raise typer.Exit(1)
    if heads:
        write_heads(heads, {**noted, **{chain.organization_id: chain.head for chain in chains}})


def as_document(chain: "Chain") -> dict[str, Any]:
    return {
        "organization_id": chain.organization_id,
        "rows": chain.rows,
        "head": vars(chain.head),
        "findings": chain.findings,
    }


def show(chains: "list[Chain]", lost: list[str]) -> None:
    for chain in chains:
        state = "FAULT" if chain.findings else "ok   "
        typer.echo(f"{state}  {chain.organization_id:24} {chain.rows} rows, ends in {chain.head.hash[:16]}")
        for finding in chain.findings:
            typer.echo(f"       {finding}")
    for name in lost:
        typer.echo(f"FAULT  {name:24} its whole chain is gone")
    if not chains:
        typer.echo("nothing has been recorded yet")


def read_heads(path: Path | None) -> "dict[str, Head]":
    from warehouse.audit import Head  # noqa: PLC0415

    if path is None or not path.exists():
        return {}
    try:
        document = json.loads(path.read_text())
        return {name: Head(int(head["position"]), str(head["hash"])) for name, head in document.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise CommandError(f"{path} is not a file that `routiq audit verify --heads` has written") from None


def write_heads(path: Path, heads: "dict[str, Head]") -> None:
    path.write_text(json.dumps({name: vars(head) for name, head in sorted(heads.items())}, indent=2) + "\n")


@audit.command("who-saw")
def who_saw(
    patient_id: Annotated[str, typer.Argument(help="Cliniko's patient id; merged ones are followed.")],
    organization: Organization = None,
    since: Annotated[datetime | None, typer.Option(help="From this instant on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this instant (UTC).")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show who has seen a patient, when, and by which route; oldest first."""
    from warehouse.audit import is_known  # noqa: PLC0415 - help must answer at once
    from warehouse.audit import who_saw as views_of  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors():
        settings = Settings.load()
        if organization is not None:
            known_organization(settings, organization)
        views = views_of(settings, patient_id, organization, in_utc(since), in_utc(until))
        if not views and not is_known(settings, patient_id, organization):
            where = organization or "any organization"
            raise CommandError(f"no patient {patient_id} is known in {where}, and nobody has seen one")
    if as_json:
        print_json({"patient_id": patient_id, "views": views})
        return
    for view in views:
        at = f"{view['at'].astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
        who = f"{view['organization_id']:20} {view['actor']:28} {view['role']:8}"
        typer.echo(f"{at}  {who} {view['outcome']:13} {view['route']}")
    typer.echo(f"{len(views)} times")


def in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
