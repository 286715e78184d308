"""Accepting a load: the one transaction after which its rows are read and the next sync begins later."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

import psycopg

from ingestion.errors import SyncError
from ingestion.problems import Problem, Unread, open_problems
from ingestion.runs import FeedRow, write_feeds
from warehouse import sync_runs
from warehouse.sync_runs import Run, Status

T = TypeVar("T")
Fault = tuple[Any, ...]


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
        _quarantine(connection, run, outcome)
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


def _quarantine(connection: psycopg.Connection, run: Run, outcome: Outcome) -> None:
    """What is open already is only seen again, what came right is resolved. In statements, not in rows: a
    clinic may have 62,000 odd addresses."""
    known = connection.execute(
        """
        select feed, record_id, field, reason, effect, id from app.quarantine
        where organization_id = %s and resolved_at is null order by seen_at, id
        """,
        [run.organization_id],
    ).fetchall()
    waiting = _by_place((tuple(row[:5]), row) for row in known)
    now = _by_place(
        ((one.feed, one.record_id, one.field, one.reason, one.effect), one) for one in outcome.quarantined
    )
    refused = {(one.feed, one.record_id) for one in outcome.quarantined if one.effect == "refused"}
    refused -= {(feed, None) for feed, _ in refused}
    # of one that is refused again, its last good version still lacks what it lacked
    resolved = [
        row[5]
        for place, row in waiting.items()
        if place not in now and outcome.is_settled(row[0], row[1]) and (row[0], row[1]) not in refused
    ]
    connection.execute(
        "update app.quarantine set resolved_at = now() where organization_id = %s and id = any(%s)",
        [run.organization_id, resolved],
    )
    _see_again(connection, run, [(waiting[place], now[place]) for place in waiting.keys() & now.keys()])
    _begin(connection, run, [row for place, row in now.items() if place not in waiting])


def _by_place(rows: Iterable[tuple[Fault, T]]) -> dict[Fault, T]:
    """A record is refused once, for one reason or another; of one that landed, each field is blanked for
    itself. Records without a readable id cannot be told apart: they are numbered."""
    places: dict[Fault, T] = {}
    numbers: Counter[Fault] = Counter()
    for fault, row in rows:
        feed, record_id, name, _, effect = fault
        if record_id is None:
            numbers[fault] += 1
            places[*fault, numbers[fault]] = row
        else:
            places[feed, record_id, name if effect == "blanked" else None, effect] = row
    return places


def _see_again(
    connection: psycopg.Connection, run: Run, rows: list[tuple[tuple[Any, ...], QuarantinedRow]]
) -> None:
    if not rows:
        return
    connection.execute(
        """
        update app.quarantine set sync_run_id = %s, seen_at = %s where organization_id = %s and id = any(%s)
        """,
        [run.id, max(now.seen_at for _, now in rows), run.organization_id, [known[5] for known, _ in rows]],
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "update app.quarantine set field = %s, reason = %s where organization_id = %s and id = %s",
            [
                (now.field, now.reason, run.organization_id, known[5])
                for known, now in rows
                if known[2:4] != (now.field, now.reason)
            ],
        )


def _begin(connection: psycopg.Connection, run: Run, rows: list[QuarantinedRow]) -> None:
    columns = ("feed", "record_id", "field", "reason", "effect", "seen_at")
    connection.execute(
        """
        insert into app.quarantine
            (organization_id, sync_run_id, feed, record_id, field, reason, effect, seen_at)
        select %s, %s, began.* from unnest(
            %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]
        ) as began
        """,
        [run.organization_id, run.id, *([getattr(row, name) for row in rows] for name in columns)],
    )
