"""One build: raw rows that were accepted become marts that readers see. `routiq build` and Dagster call this.

The work itself is dbt's; here are the lock (one build at a time), dbt's environment and the outcome.

app.loads -> dbt build (staging, intermediate, candidates, checks, then publish) -> BuildResult
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy

from orchestration.dbt import fingerprint as rules
from warehouse.settings import Settings

REPOSITORY = Path(__file__).parents[2]
PROJECT = REPOSITORY / "dbt_project"
# A number of our own for pg_advisory_lock: no other code uses it.
LOCK_KEY = 7_041_873
SESSION_OPTIONS = "-c timezone=UTC -c work_mem=128MB -c jit=off"


class BuildError(Exception):
    """dbt did not get to the end: readers keep the last good data. The message says where to look."""


@dataclass(frozen=True)
class BuildProgress:
    """`done` of `total` steps; `step` is the one that just ended."""

    done: int
    total: int
    step: str


@dataclass(frozen=True)
class BuildResult:
    """`held_back` names the checks that failed for each organization that keeps its last good data."""

    published: list[str]
    held_back: dict[str, list[str]]
    rows_written: int
    seconds: float


def build(
    settings: Settings,
    *,
    progress: Callable[[BuildProgress], None] | None = None,
    heard: Callable[[dict[str, Any]], None] | None = None,
    full: bool = False,
) -> BuildResult:
    """Build and publish everything accepted so far; `full` computes it all again from the raw log.

    So does the first build by changed rules. `heard` is given what dbt says of each node's end.

    Raises:
        BuildError: a model failed; nothing was published.
    """
    began = time.monotonic()
    with one_build(settings, full=full) as more:
        _run_dbt(settings, more, progress or (lambda _: None), heard or (lambda _: None))
        published, held_back, rows_written = outcome(settings)
    vacuum_after(settings, rows_written)
    return BuildResult(published, held_back, rows_written, round(time.monotonic() - began, 2))


@contextmanager
def one_build(settings: Settings, *, full: bool = False) -> Iterator[list[str]]:
    """Hold the right to build; yields what dbt is told beside the selection. Raise in it if dbt failed."""
    with build_lock(settings):
        if changed := rules.have_changed(settings):
            rules.publish_all_again(settings)
        yield ["--full-refresh"] if changed or full else []
        rules.remember(settings)


@contextmanager
def build_lock(settings: Settings) -> Iterator[None]:
    """Hold the right to build: a second build waits, and a killed one lets go by itself."""
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
        yield


def is_building(settings: Settings) -> bool:
    """Whether somebody holds the right to build."""
    with psycopg.connect(settings.url("owner"), connect_timeout=3) as connection:
        held = connection.execute(
            "select from pg_locks where locktype = 'advisory' and granted and objid = %s and database ="
            " (select oid from pg_database where datname = current_database())",
            [LOCK_KEY],
        )
        return held.fetchone() is not None


def dbt_environment(settings: Settings) -> dict[str, str]:
    """What `profiles.yml` and dbt read; nothing of it is on a command line."""
    url = sqlalchemy.make_url(settings.url("owner"))
    environment = {
        "ROUTIQ_DBT_HOST": url.host or "127.0.0.1",
        "ROUTIQ_DBT_PORT": str(url.port or 5432),
        "ROUTIQ_DBT_DATABASE": url.database or "",
        "ROUTIQ_OWNER_PASSWORD": settings.owner_password.get_secret_value(),
        "PGOPTIONS": SESSION_OPTIONS,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "DBT_TARGET_PATH": str(dbt_home(settings) / "target"),
        "DBT_LOG_PATH": str(dbt_home(settings) / "logs"),
        "DBT_PROFILES_DIR": str(REPOSITORY),
    }
    if isinstance(mode := url.query.get("sslmode"), str):
        environment["PGSSLMODE"] = mode
    return environment


def dbt_home(settings: Settings) -> Path:
    """Where dbt's own files lie: the same at each build, so that it parses only what changed."""
    return settings.home.resolve() / "dbt"


def dbt_arguments(*more: str) -> list[str]:
    """The one selection of nodes that a build runs."""
    return ["build", "--project-dir", str(PROJECT), "--exclude-resource-type", "unit_test", *more]


def _run_dbt(
    settings: Settings,
    more: list[str],
    progress: Callable[[BuildProgress], None],
    heard: Callable[[dict[str, Any]], None],
) -> None:
    dbt_home(settings).mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        str(Path(sys.executable).parent / "dbt"),
        "--log-format",
        "json",
        "--log-format-file",
        "text",
        "--log-level-file",
        "info",
        *dbt_arguments(*more),
    ]
    failed: list[str] = []
    with subprocess.Popen(
        command,
        env=os.environ | dbt_environment(settings),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        for line in process.stdout or ():
            _follow(line, failed, progress, heard)
    if process.returncode != 0:
        where = f"see {dbt_home(settings) / 'logs' / 'dbt.log'}"
        what = f"failed: {', '.join(failed)}" if failed else "dbt stopped before its first step"
        raise BuildError(f"the build published nothing ({what}); {where}")


def _follow(
    line: str,
    failed: list[str],
    progress: Callable[[BuildProgress], None],
    heard: Callable[[dict[str, Any]], None],
) -> None:
    """Read one line of dbt's log. Its error texts may quote data, so only names are taken.

    What dbt does at its end is told only of a build that published, or failed in publishing.
    """
    try:
        event = json.loads(line)
    except ValueError:
        return
    data = event.get("data", {})
    if is_publication(event):
        if data.get("status") == "error":
            failed.append("publication")
        elif not failed:
            heard(event)
        return
    if event.get("info", {}).get("name") not in {"LogModelResult", "LogTestResult"}:
        return
    heard(event)
    name = str(data.get("node_info", {}).get("node_name", data.get("name", "")))
    if data.get("status") in {"error", "fail"}:
        failed.append(name)
    progress(BuildProgress(int(data.get("index", 0)), int(data.get("total", 0)), name))


def is_publication(event: Mapping[str, Any]) -> bool:
    """Whether dbt says how `publish` ended, its only hook at a build's end."""
    is_hook = event.get("info", {}).get("name") == "LogHookEndLine"
    return is_hook and ".on-run-end." in event["data"]["statement"]


def outcome(settings: Settings) -> tuple[list[str], dict[str, list[str]], int]:
    """Who was published, whom which checks held back, and how many rows were written by the last build."""
    held_back: dict[str, list[str]] = {}
    with psycopg.connect(settings.url("owner")) as connection:
        published = [
            row[0] for row in connection.execute("select organization_id from checks.published order by 1")
        ]
        for organization_id, check in connection.execute(
            "select organization_id, check_name from checks.held_back order by 1, 2"
        ):
            held_back.setdefault(organization_id, []).append(check)
        row = connection.execute("select coalesce(sum(rows_written), 0) from checks.rows_written").fetchone()
    return published, held_back, int(row[0]) if row else 0


def vacuum_after(settings: Settings, rows_written: int) -> None:
    """Let the first readers scan indexes alone; autovacuum would come to it minutes later."""
    if rows_written <= 1_000:
        return
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        for table in ("dim_patients", "fct_visits", "fct_patient_states"):
            connection.execute(f"vacuum marts.{table}")
