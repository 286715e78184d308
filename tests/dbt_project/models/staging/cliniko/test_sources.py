"""`dbt source freshness` tells by feed whether every organization that syncs was read lately."""

import json
import os
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.dbt.build import PROJECT, dbt_environment, dbt_home
from warehouse.settings import Settings

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

# How old the last run is that read a feed, by feed and organization.
READ: dict[str, dict[str, tuple[timedelta, str]]] = {
    "patients": {"org_a": (DAY - MINUTE, "succeeded"), "org_b": (MINUTE, "succeeded")},
    "attendees": {"org_a": (DAY + MINUTE, "succeeded"), "org_b": (MINUTE, "succeeded")},
    "invoices": {"org_a": (3 * DAY - MINUTE, "forbidden"), "org_b": (MINUTE, "succeeded")},
    "businesses": {"org_a": (3 * DAY + MINUTE, "succeeded"), "org_b": (MINUTE, "succeeded")},
    "communications": {"org_a": (MINUTE, "failed"), "org_b": (MINUTE, "succeeded")},
}


def organization(connection: psycopg.Connection, name: str, *, sync_enabled: bool = True) -> None:
    connection.execute(
        "insert into app.organizations (organization_id, name, sync_enabled, created_at)"
        " values (%s, %s, %s, now() - interval '9 days')",
        [name, f"Clinic {name}", sync_enabled],
    )


def read(connection: psycopg.Connection, name: str, feed: str, age: timedelta, status: str) -> None:
    run_id = uuid.uuid4()
    connection.execute(
        "insert into app.sync_runs (organization_id, id, status, requested_by, finished_at)"
        " values (%s, %s, 'succeeded', 'test', now() - %s)",
        [name, run_id, age],
    )
    connection.execute(
        "insert into app.sync_run_feeds (organization_id, sync_run_id, feed, status, started_at)"
        " values (%s, %s, %s, %s, now() - %s)",
        [name, run_id, feed, status, age + MINUTE],
    )


@pytest.fixture(scope="module")
def freshness(module_warehouse: Settings) -> dict[str, dict[str, Any]]:
    with psycopg.connect(module_warehouse.url("owner")) as connection:
        for name in ("org_a", "org_b"):
            organization(connection, name)
        organization(connection, "org_paused", sync_enabled=False)
        for feed, ages in READ.items():
            for name, (age, status) in ages.items():
                read(connection, name, feed, age, status)
    return ask(module_warehouse)


def ask(settings: Settings) -> dict[str, dict[str, Any]]:
    """Feed -> what dbt found; its exit code tells of errors, and is not asked here."""
    subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "source", "freshness"),
            *("--project-dir", str(PROJECT)),
        ],
        env=os.environ | dbt_environment(settings),
        capture_output=True,
        check=False,
    )
    report = json.loads((dbt_home(settings) / "target" / "sources.json").read_text())
    return {result["unique_id"].rsplit(".", 1)[-1]: result for result in report["results"]}


@pytest.mark.parametrize(
    ("feed", "status"),
    [
        ("patients", "pass"),
        ("attendees", "warn"),
        ("invoices", "warn"),
        ("businesses", "error"),
        ("communications", "error"),
        ("treatment_notes", "error"),
    ],
)
def test_a_feed_is_as_fresh_as_its_oldest_organization(
    freshness: dict[str, dict[str, Any]], feed: str, status: str
) -> None:
    """24 and 72 hours; what was never read counts from the organization's making; a paused one does not."""
    assert freshness[feed]["status"] == status


def test_every_feed_is_asked_and_quickly(freshness: dict[str, dict[str, Any]]) -> None:
    assert len(freshness) == 12
    assert max(result["execution_time"] for result in freshness.values()) < 2
