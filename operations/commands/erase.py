"""`routiq erase-patient`: a person leaves no trace, and does not come back."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from operations.commands.output import print_json
from operations.commands.readable import readable_errors
from operations.errors import CommandError

if TYPE_CHECKING:
    from orchestration.dbt.build import BuildResult
    from warehouse.blanking import Erasure


def register(app: typer.Typer) -> None:
    app.command("erase-patient")(erase_patient)


def operator() -> str:
    """Who runs a command, as the audit log calls them."""
    return f"operator:{getpass.getuser()}"


def erase_patient(
    organization_id: Annotated[str, typer.Argument(metavar="ORG")],
    patient_id: Annotated[
        str, typer.Argument(metavar="ID", help="Cliniko's patient id; merged ones go too.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document; needs --yes.")] = False,
) -> None:
    """Erase a person at once and never take them in again; visits stay, as ids and instants."""
    from ingestion.pipeline import empty_folders  # noqa: PLC0415 - help must answer at once
    from orchestration.dbt.build import BuildError, build, build_lock  # noqa: PLC0415
    from warehouse import erasing  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    if not yes:
        if as_json:
            raise CommandError("--json asks nobody: say --yes too")
        typer.confirm(f"erase patient {patient_id} of {organization_id} for good?", abort=True)
    with readable_errors():
        settings = Settings.load()
        try:
            with build_lock(settings):
                erasure = erasing.erase_patient(settings, organization_id, patient_id, operator())
        except erasing.ErasingError as error:
            raise CommandError(str(error)) from None
        empty_folders(settings, organization_id)
        try:
            built = build(settings)
        except BuildError as error:
            raise CommandError(
                f"erased, but what was built of it could not be built again: {error}"
            ) from None
        erasing.vacuum(settings, [erasure])
    if as_json:
        return print_json({**vars(erasure), "is_published": _is_published(erasure, built)})
    _show(erasure, built)
    return None


def _is_published(erasure: "Erasure", built: "BuildResult") -> bool:
    return erasure.organization_id not in built.held_back


def _show(erasure: "Erasure", built: "BuildResult") -> None:
    rows = ", ".join(f"{table} {count}" for table, count in erasure.rows.items()) or "nothing was left"
    typer.echo(f"{erasure.organization_id}: erased {', '.join(erasure.patient_ids)} ({rows})")
    if not _is_published(erasure, built):
        checks = ", ".join(built.held_back[erasure.organization_id])
        typer.echo(
            f"a check holds the organization back ({checks}): names and texts are gone, but the person is"
            " counted until a build comes through"
        )
    typer.echo("backups made before hold the person still: `routiq restore` erases them again, with")
    typer.echo("ROUTIQ_HOME/erased-patients and secrets.env at its side; keep both where backups are not")
