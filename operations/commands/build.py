"""`routiq build`: turn everything accepted so far into what readers see."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from operations.errors import CommandError

if TYPE_CHECKING:
    from orchestration.dbt.build import BuildProgress


def register(app: typer.Typer) -> None:
    app.command("build")(build_command)


def build_command(
    full: bool = typer.Option(False, "--full", help="compute everything again from the raw log"),
    as_json: bool = typer.Option(False, "--json", help="one JSON document on stdout"),
) -> None:
    """Build the marts and publish them for every organization whose checks pass."""
    from orchestration.dbt.build import BuildError, build  # noqa: PLC0415 - help must answer at once
    from orchestration.reporting import report_build  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    settings, heard = Settings.load(), list[dict[str, Any]]()
    try:
        with _progress_bar() as show:
            result = build(settings, progress=show, heard=heard.append, full=full)
    except BuildError as error:
        report_build(settings, heard)
        raise CommandError(str(error)) from None
    report_build(settings, heard)
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        _tell(result.published, result.rows_written, result.seconds)
    if result.held_back:
        raise CommandError(_held_back(result.held_back))


@contextmanager
def _progress_bar() -> Iterator[Callable[["BuildProgress"], None]]:
    """Steps done, on standard error; nothing but the end where nobody watches."""
    from rich.console import Console  # noqa: PLC0415 - help must answer at once
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("dbt starts", total=None)

        def show(now: "BuildProgress") -> None:
            # dbt tells the total with models, not with tests
            progress.update(bar, completed=now.done, total=now.total or None, description=now.step)

        yield show


def _tell(published: list[str], rows_written: int, seconds: float) -> None:
    names = ", ".join(published) or "nothing new"
    typer.echo(f"published: {names} ({rows_written} rows written, {seconds} s)")


def _held_back(held_back: dict[str, list[str]]) -> str:
    lines = [f"  {organization}: {', '.join(checks)}" for organization, checks in held_back.items()]
    return "held back, they keep their last good data (rows in schema checks):\n" + "\n".join(lines)
