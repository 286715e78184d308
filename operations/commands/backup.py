"""`routiq backup` and `routiq restore`: everything that the embedded database holds, in one file."""

import time
from pathlib import Path
from typing import Annotated

import typer

from operations.commands.output import print_json
from operations.commands.readable import readable_errors
from operations.errors import CommandError


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Write everything to one file, while all goes on; keep secrets.env elsewhere, it is not in it."""
    from warehouse.backup import BackupError, back_up  # noqa: PLC0415 - help must answer at once
    from warehouse.erased import file_of  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    began = time.monotonic()
    with readable_errors():
        settings = Settings.load()
        try:
            size = back_up(settings, file)
        except BackupError as error:
            raise CommandError(str(error)) from None
    seconds = round(time.monotonic() - began, 1)
    if as_json:
        return print_json({"file": str(file), "bytes": size, "seconds": seconds})
    typer.echo(f"{file}: {size / 1e6:.1f} MB in {seconds} s")
    typer.echo(f"keep {settings.home / 'secrets.env'} too, and elsewhere: without it no Cliniko key opens")
    if file_of(settings).exists():
        typer.echo(f"and {file_of(settings)}: without it this backup brings back who is erased from now on")
    return None


def restore(file: Annotated[Path, typer.Argument(help="A file that `routiq backup` wrote.")]) -> None:
    """Fill an empty ROUTIQ_HOME from a backup; put its secrets.env there first, `routiq up` afterwards."""
    from pydantic import ValidationError  # noqa: PLC0415 - help must answer at once

    from warehouse.backup import BackupError  # noqa: PLC0415
    from warehouse.backup import restore as restore_from  # noqa: PLC0415
    from warehouse.embedded import EmbeddedPostgresError  # noqa: PLC0415
    from warehouse.erased import file_of, removed_once  # noqa: PLC0415
    from warehouse.organizations import list_organizations  # noqa: PLC0415
    from warehouse.settings import HomeSettings, Settings, ensure_secrets  # noqa: PLC0415

    if (HomeSettings().home / "secrets.env").exists():
        ensure_secrets(HomeSettings().home)  # those of an older version lack what came later
    try:
        settings = Settings.load()
    except ValidationError:
        secrets = HomeSettings().home / "secrets.env"
        raise CommandError(f"put the secrets.env that belongs to the backup at {secrets} first") from None
    began = time.monotonic()
    with readable_errors():
        try:
            erasures = restore_from(settings, file)
        except (BackupError, EmbeddedPostgresError) as error:
            raise CommandError(str(error)) from None
    typer.echo(f"restored in {time.monotonic() - began:.1f} s; now `routiq up`, and `routiq doctor`")
    if count := sum(len(erasure.patient_ids) for erasure in erasures):
        typer.echo(f"{count} patients were erased since, and are again")
    for name in removed_once(settings, [one.organization_id for one in list_organizations(settings)]):
        typer.echo(f"{name} was removed once and is back: `routiq org remove {name}` if it is to be gone")
    if not file_of(settings).exists():
        typer.echo(f"nobody erased since is known: {file_of(settings)} belongs here if there was one before")
