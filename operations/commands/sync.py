"""`routiq sync ORG`: one sync in the foreground, with a progress bar."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from operations.commands.readable import readable_errors

NOTHING_HAPPENED = {"unknown_organization", "already_running", "already_queued", "database_away"}

if TYPE_CHECKING:
    from ingestion.sync import SyncProgress, SyncResult
    from warehouse.sync_runs import Kind


def register(app: typer.Typer) -> None:
    app.command()(sync)


def sync(
    organization_id: Annotated[str, typer.Argument(metavar="ORG")],
    *,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Read everything again and find what is gone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document when done.")] = False,
) -> None:
    """Read what Cliniko changed since the last sync into the raw log.

    An incomplete run counts, and is told on standard error; the command then succeeds, so that a build may
    follow. In JSON it is `status` and `problems`. A failed one changes nothing and ends with 1.
    """
    from ingestion.errors import SyncError  # noqa: PLC0415 - help must answer at once
    from ingestion.pipeline import prepare_dlt  # noqa: PLC0415
    from ingestion.sync import sync_organization  # noqa: PLC0415
    from orchestration.reporting import report_failed_sync, report_sync  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    with readable_errors(), _progress_bar(organization_id) as show:
        settings = Settings.load()
        prepare_dlt(settings)
        kind: Kind = "sweep" if sweep else "sync"
        try:
            result = sync_organization(settings, organization_id, kind=kind, progress=show)
        except SyncError as error:
            if error.code not in NOTHING_HAPPENED:
                report_failed_sync(settings, organization_id)
            raise
    report_sync(settings, result, kind)
    typer.echo(_as_json(result) if as_json else _as_text(result))
    if result.problems:
        typer.echo(_warning(result), err=True)


@contextmanager
def _progress_bar(organization_id: str) -> Iterator[Callable[["SyncProgress"], None]]:
    """Pages done of those known of so far, on standard error; the time left is at the allowed rate."""
    from rich.console import Console  # noqa: PLC0415 - help must answer at once
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages {task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(organization_id, total=None, left="")

        def show(now: "SyncProgress") -> None:
            progress.update(
                bar,
                completed=now.pages_done,
                total=now.pages_total,
                description=f"{organization_id} {now.note or now.feed}",
                left=_time_left(now),
            )

        yield show


def _time_left(now: "SyncProgress") -> str:
    pages = now.pages_total - now.pages_done
    if pages <= 0 or not now.requests_per_minute:
        return ""
    minutes, seconds = divmod(round(pages / now.requests_per_minute * 60), 60)
    return f"about {minutes}:{seconds:02} left of this feed"


def _as_json(result: "SyncResult") -> str:
    return json.dumps({**asdict(result), "rows_written": result.rows_written}, default=str)


def _as_text(result: "SyncResult") -> str:
    lines = [
        f"{name:24} {feed['status']:11} {feed['rows_read']:>8} read"
        f" {feed['rows_new']:>8} new {feed['rows_changed']:>6} changed"
        f" {feed['rows_removed']:>5} gone {feed['rows_quarantined']:>4} refused"
        f" {feed['rows_blanked']:>4} blanked"
        f"{'  ' + feed['note'] if feed['note'] else ''}"
        for name, feed in result.feeds.items()
    ]
    total = f"{result.requests} requests, {result.rows_written} rows in {result.seconds:.1f} s"
    return "\n".join([*lines, f"{result.status}: {total}"])


def _warning(result: "SyncResult") -> str:
    told = (f"  {problem.detail}" for problem in result.problems)
    return "\n".join(["routiq: incomplete; what was read counts, the rest is as it was:", *told])
