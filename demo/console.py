"""What the demo says: each step with the time since the start, the way in at the end, progress after it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from demo.clinics import FIRST, SECOND
from operations.settings import PlatformSettings
from operations.status import describe_sync
from orchestration.settings import DagsterWebSettings

Organizations = Callable[[], list[dict[str, Any]]]


class Console:
    """Steps and progress go to standard error, the way in to standard output."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.err = RichConsole(stderr=True, highlight=False)

    def say(self, text: str) -> None:
        self.err.print(f"[{time.monotonic() - self.began:5.1f} s] {text}", markup=False, soft_wrap=True)

    def welcome(self, ports: PlatformSettings, token_file: Path, home: Path) -> None:
        self.say("everything answers")
        api = f"http://127.0.0.1:{ports.api_port}"
        login = DagsterWebSettings.load().login
        bearer = f'"Authorization: Bearer $(cat {token_file})"'
        first, one = FIRST.organization_id, f"{api}/api/v1/reengagement/{FIRST.organization_id}"
        lines = [
            "",
            f"API         {api}   documentation: {api}/docs",
            f"Dagster     http://127.0.0.1:{ports.dagster_port}   sign in as {', '.join(login.values())}",
            f"dbt docs    http://127.0.0.1:{ports.docs_port}",
            f"Cliniko     http://127.0.0.1:{ports.cliniko_port} (sandbox)",
            f"Clerk       http://127.0.0.1:{ports.clerk_port} (sandbox)",
            "front end   of your own: http://localhost:PORT, any port, may ask the API",
            f"state, logs {home}, {home / 'logs'}",
            "",
            f"token of a member of {FIRST.name}, valid for an hour (`make demo` writes a new one):",
            token_file.read_text(),
            "",
            f"curl -s -H {bearer} '{one}/risk-metrics'",
            f"curl -s -H {bearer} '{one}/patients/prioritized?limit=5'",
            f"curl -s -H {bearer} '{api}/api/v1/admin/active-patients/{first}'",
            "",
            f"{SECOND.name} loads behind: `.venv/bin/routiq status`, or its run in Dagster.",
            "`make down` stops everything; the data stays.",
            "",
        ]
        print("\n".join(lines), flush=True)  # noqa: T201 - the answer of the command

    def follow(self, organizations: Organizations, organization_id: str) -> None:
        """Show how far an organization is until it is published, then wait to be stopped."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("pages"))
        with Progress(*columns, console=self.err, refresh_per_second=2) as progress:
            bar = progress.add_task(organization_id, total=None)
            while not _show(progress, bar, organizations(), organization_id):
                time.sleep(1)
        self.say("all clinics are loaded; Ctrl-C stops everything")
        while True:
            time.sleep(3600)


def _show(progress: Progress, bar: Any, known: list[dict[str, Any]], organization_id: str) -> bool:
    row = next(row for row in known if row["organization_id"] == organization_id)
    said = describe_sync(row, datetime.now(UTC))
    progress.update(
        bar,
        completed=row["pages_done"] or 0,
        total=row["pages_total"],
        description=f"{organization_id} {said.split(',')[0]}",
    )
    return row["data_as_of"] is not None
