"""Runs as ingestion leaves them in the ledger, and what they could not read."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg

from warehouse.settings import Settings


def execute(settings: Settings, statement: LiteralString, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.url("owner")) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def add_clinic(settings: Settings, organization_id: str) -> None:
    execute(
        settings,
        "insert into app.organizations (organization_id, name) values (%s, %s)",
        organization_id,
        f"Clinic of {organization_id}",
    )


def ended(
    settings: Settings, organization_id: str, status: str, feeds: dict[str, str] | None = None, **more: Any
) -> str:
    """A run that ended just now, unless `hours_ago` says otherwise, with the state of each feed."""
    run_id = uuid.uuid4()
    at = datetime.now(UTC) - timedelta(hours=more.pop("hours_ago", 0))
    execute(
        settings,
        """
        insert into app.sync_runs (organization_id, id, status, requested_by, requested_at, started_at,
            finished_at, error_code, error_detail, dagster_run_id)
        values (%s, %s, %s, 'schedule', %s, %s, %s, %s, %s, %s)
        """,
        *(organization_id, run_id, status, at, at, at),
        *(more.get("error_code"), more.get("error_detail"), more.get("dagster_run_id")),
    )
    for feed, state in (feeds or {}).items():
        execute(
            settings,
            """
            insert into app.sync_run_feeds (organization_id, sync_run_id, feed, status, rows_quarantined,
                error_code, error_detail, started_at, finished_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            *(organization_id, run_id, feed, state, more.get("refused", {}).get(feed, 0)),
            *(more.get("feed_code"), more.get("feed_detail"), at, at),
        )
    return str(run_id)


def running(settings: Settings, organization_id: str, pages: tuple[int, int] = (0, 0)) -> None:
    run_id = uuid.uuid4()
    execute(
        settings,
        """
        insert into app.sync_runs
            (organization_id, id, status, requested_by, started_at, lease_expires_at, fence)
        values (%s, %s, 'running', 'schedule', now(), now() + interval '1 minute', 1)
        """,
        *(organization_id, run_id),
    )
    execute(
        settings,
        "insert into app.sync_run_feeds (organization_id, sync_run_id, feed, pages_done, pages_total)"
        " values (%s, %s, 'patients', %s, %s)",
        *(organization_id, run_id, *pages),
    )


def quarantine(
    settings: Settings, organization_id: str, feed: str, field: str, reason: str, effect: str, *ids: str
) -> None:
    for record_id in ids:
        execute(
            settings,
            """
            insert into app.quarantine
                (organization_id, sync_run_id, feed, record_id, field, reason, effect, seen_at)
            values (%s, gen_random_uuid(), %s, %s, %s, %s, %s, now())
            """,
            *(organization_id, feed, record_id, field, reason, effect),
        )


def publish(settings: Settings, organization_id: str, hours_ago: float = 0) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    execute(
        settings,
        "insert into app.publications values (%s, 1, %s, %s)"
        " on conflict (organization_id) do update set data_as_of = excluded.data_as_of",
        *(organization_id, at, at),
    )
