"""Accepting a load: the one transaction after which its rows are read and the next sync begins later."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from ingestion.errors import SyncError
from ingestion.problems import Problem, Unread, open_problems
from ingestion.quarantine import QuarantinedRow, update_quarantine
from ingestion.runs import FeedRow, write_feeds
from warehouse import sync_runs
from warehouse.sync_runs import Run, Status


@dataclass
class Outcome:
    """What accepting a load changes beside making its rows readable."""

    load_id: str
    cursors: dict[str, datetime] = field(default_factory=dict)
    swept: dict[str, datetime] = field(default_factory=dict)
    quarantined: list[QuarantinedRow] = field(default_factory=list)
    settled: dict[str, Set[str]] = field(default_factory=dict)
    """By feed, the records that were read whole, and those asked for by their ids."""
    whole: Set[str] = frozenset()
    """The feeds of which everything was read."""
    feeds: list[FeedRow] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)
    unaccounted: dict[str, int] = field(default_factory=dict)
    """By feed, how many entries of its list nobody can account for."""

    def is_settled(self, feed: str, record_id: str | None) -> bool:
        """Whether this load says how the record is, even if only that it is gone."""
        return feed in self.whole or record_id in self.settled.get(feed, ())


def accept(connection: psycopg.Connection, run: Run, outcome: Outcome) -> list[Problem]:
    """Make the load readable, move the cursors and end the run, all at once or not at all.

    Returns what is missing, records refused by earlier runs and not right yet included; then the run is
    `incomplete`.

    Raises:
        SyncError: `lease_lost`: another run took over; nothing was changed.
    """
    with connection.transaction():
        if not sync_runs.hold(connection, run):
            raise SyncError("lease_lost", "another run took over; nothing of this one counts")
        _move_cursors(connection, run, outcome)
        _note_unaccounted(connection, run, outcome)
        connection.execute(
            "insert into app.loads (organization_id, load_id, sync_run_id, fence) values (%s, %s, %s, %s)",
            [run.organization_id, outcome.load_id, run.id, run.fence],
        )
        update_quarantine(connection, run, outcome.quarantined, outcome.is_settled)
        write_feeds(connection, run, outcome.feeds)
        problems = open_problems(connection, run, outcome.unread)
        status: Status = "incomplete" if problems else "succeeded"
        sync_runs.finish(connection, run, status, outcome.load_id)
    return problems


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
