"""Accepting a load: the one transaction after which its rows are read and the next sync begins later."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import psycopg

from ingestion.errors import SyncError
from ingestion.runs import FeedRow, Run, write_feeds


@dataclass(frozen=True)
class QuarantinedRow:
    """Which record or field could not be taken, where and why; never its content."""

    feed: str
    record_id: str | None
    field: str | None
    reason: str
    seen_at: datetime
    effect: Literal["refused", "blanked"] = "refused"


@dataclass
class Outcome:
    """What accepting a load changes beside making its rows readable."""

    load_id: str
    cursors: dict[str, datetime] = field(default_factory=dict)
    swept: dict[str, datetime] = field(default_factory=dict)
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    resolved: dict[str, set[str]] = field(default_factory=dict)
    feeds: list[FeedRow] = field(default_factory=list)
    unaccounted: dict[str, int] = field(default_factory=dict)
    """By feed, how many entries of its list nobody can account for."""


def accept(connection: psycopg.Connection, run: Run, outcome: Outcome) -> None:
    """Make the load readable, move the cursors and end the run, all at once or not at all.

    Raises:
        SyncError: `lease_lost`: another run took over; nothing was changed.
    """
    with connection.transaction():
        held = connection.execute(
            """
            select from app.sync_runs
            where organization_id = %s and id = %s and fence = %s and status = 'running' for update
            """,
            [run.organization_id, run.id, run.fence],
        ).fetchone()
        if held is None:
            raise SyncError("lease_lost", "another run took over; nothing of this one counts")
        _move_cursors(connection, run, outcome)
        _note_unaccounted(connection, run, outcome)
        connection.execute(
            "insert into app.loads (organization_id, load_id, sync_run_id, fence) values (%s, %s, %s, %s)",
            [run.organization_id, outcome.load_id, run.id, run.fence],
        )
        _quarantine(connection, run, outcome)
        write_feeds(connection, run, outcome.feeds)
        connection.execute(
            """
            update app.sync_runs set status = 'succeeded', finished_at = clock_timestamp(), load_id = %s
            where organization_id = %s and id = %s
            """,
            [outcome.load_id, run.organization_id, run.id],
        )


def _move_cursors(connection: psycopg.Connection, run: Run, outcome: Outcome) -> None:
    """Never backward, whatever Cliniko's clock says."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into app.sync_cursors as known (organization_id, feed, updated_through, swept_at, fence)
            values (%s, %s, %s, %s, %s)
            on conflict (organization_id, feed) do update
            set updated_through = greatest(known.updated_through, excluded.updated_through),
                swept_at = coalesce(excluded.swept_at, known.swept_at), fence = excluded.fence
            """,
            [
                (run.organization_id, feed, through, outcome.swept.get(feed), run.fence)
                for feed, through in outcome.cursors.items()
            ],
        )


def _note_unaccounted(connection: psycopg.Connection, run: Run, outcome: Outcome) -> None:
    for feed, count in outcome.unaccounted.items():
        connection.execute(
            "update app.sync_cursors set unaccounted = %s where organization_id = %s and feed = %s",
            [count, run.organization_id, feed],
        )


def _quarantine(connection: psycopg.Connection, run: Run, outcome: Outcome) -> None:
    """A record that is open already is only seen again; one that came right is resolved."""
    for feed, ids in outcome.resolved.items():
        connection.execute(
            """
            update app.quarantine set resolved_at = now()
            where organization_id = %s and feed = %s and record_id = any(%s) and resolved_at is null
            """,
            [run.organization_id, feed, list(ids)],
        )
    for row in outcome.quarantined:
        values = {"organization_id": run.organization_id, "sync_run_id": run.id, **vars(row)}
        known = connection.execute(
            """
            update app.quarantine
            set sync_run_id = %(sync_run_id)s, seen_at = %(seen_at)s, field = %(field)s, reason = %(reason)s
            where organization_id = %(organization_id)s and feed = %(feed)s and resolved_at is null
                and record_id is not distinct from %(record_id)s
                and (%(record_id)s::text is not null
                    or (field is not distinct from %(field)s and reason = %(reason)s))
            """,
            values,
        )
        if known.rowcount == 0:
            connection.execute(
                """
                insert into app.quarantine
                    (organization_id, sync_run_id, feed, record_id, field, reason, seen_at, effect)
                values (%(organization_id)s, %(sync_run_id)s, %(feed)s, %(record_id)s, %(field)s,
                    %(reason)s, %(seen_at)s, %(effect)s)
                """,
                values,
            )
