"""No answer, header, log line or audit row of a clinic shows another's mark, whatever goes on at once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import build
from tests.conftest import create_database, drop_database, free_port
from tests.dbt_project.clinic import NOON
from tests.serving.canaries import TENANTS, Storm, draw, lines_with_strangers, mark_of
from tests.serving.conftest import Clerk, wait_for
from tests.serving.process import environment, is_ready
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def eight(cluster: Settings) -> Iterator[Settings]:
    """Eight built clinics; the clock stands still."""
    settings = create_database(cluster, "tenancy")
    for name in TENANTS:
        draw(settings, name)
    assert build(settings).published == list(TENANTS)
    with psycopg.connect(settings.url("admin"), autocommit=True) as connection:
        freeze = sql.SQL("alter database {} set app.as_of = {}")
        database, instant = sql.Identifier(settings.database_name), sql.Literal(NOON.isoformat())
        connection.execute(freeze.format(database, instant))
    yield settings
    drop_database(cluster, "tenancy")


def storm(eight: Settings, clerk: Clerk, log: Path, total: int) -> Storm:
    """Against the API as its own process, with two connections."""
    port = free_port()
    settings = environment(eight, clerk, port) | {
        "ROUTIQ_API_POOL_SIZE": "2",
        **{f"ROUTIQ_LIMIT_{tier}": "100000000" for tier in ("ADMIN", "SYNC", "REGULAR")},
    }
    with log.open("w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=Path(__file__).parents[2],
            env=settings,
            stdout=lines,
            stderr=lines,
        )
        try:
            wait_for(lambda: is_ready(port), 60)
            asked = Storm(f"http://127.0.0.1:{port}", clerk, total)
            asked.run()
            return asked
        finally:
            process.terminate()
            process.wait(30)


def check(eight: Settings, clerk: Clerk, log: Path, total: int) -> None:
    asked = storm(eight, clerk, log, total)
    assert asked.leaks == []
    assert asked.statuses[200] > total / 2
    assert asked.statuses.keys() <= {200, 201, 401, 403, 404, 422, 503}, asked.statuses
    assert asked.given_up > 0
    assert asked.unanswered == 0
    lines = log.read_text().splitlines()
    assert len(lines) > total / 2
    assert lines_with_strangers(lines) == []
    with psycopg.connect(eight.url("owner")) as connection:
        rows = connection.execute("select audit_log::text from app.audit_log").fetchall()
        logged = connection.execute("select organization_id, notes from app.outreach_log").fetchall()
    assert len(rows) > total / 4
    assert lines_with_strangers(row[0] for row in rows) == []
    assert logged
    assert {notes for organization_id, notes in logged if notes != mark_of(organization_id)} == set()


def test_a_small_storm(eight: Settings, clerk: Clerk, tmp_path: Path) -> None:
    check(eight, clerk, tmp_path / "log", 2_000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_requests(eight: Settings, clerk: Clerk, tmp_path: Path) -> None:
    check(eight, clerk, tmp_path / "log", 100_000)
