"""`routiq build`: turn everything accepted so far into what readers see."""

import json
from dataclasses import asdict

import typer

from orchestration.build import BuildError, BuildProgress, build
from orchestration.errors import CommandError
from warehouse.settings import Settings


def register(app: typer.Typer) -> None:
    app.command("build")(build_command)


def build_command(
    full: bool = typer.Option(False, "--full", help="compute everything again from the raw log"),
    as_json: bool = typer.Option(False, "--json", help="one JSON document on stdout"),
) -> None:
    """Build the marts and publish them for every organization whose checks pass."""

    def show(progress: BuildProgress) -> None:
        typer.echo(f"\r{progress.done:>3} of {progress.total} {progress.step:<60.60}", err=True, nl=False)

    try:
        result = build(Settings.load(), progress=show, full=full)
    except BuildError as error:
        raise CommandError(str(error)) from None
    finally:
        typer.echo(err=True)
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        _tell(result.published, result.rows_written, result.seconds)
    if result.held_back:
        raise CommandError(_held_back(result.held_back))


def _tell(published: list[str], rows_written: int, seconds: float) -> None:
    names = ", ".join(published) or "nothing new"
    typer.echo(f"published: {names} ({rows_written} rows written, {seconds} s)")


def _held_back(held_back: dict[str, list[str]]) -> str:
    lines = [f"  {organization}: {', '.join(checks)}" for organization, checks in held_back.items()]
    return "held back, they keep their last good data (rows in schema checks):\n" + "\n".join(lines)
