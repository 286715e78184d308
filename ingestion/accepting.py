"""Accepting a load: the one transaction after which its rows are read and the next sync begins later."""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import psycopg

from ingestion.errors import SyncError
from ingestion.problems import Problem, Unread, open_problems
from ingestion.runs import FeedRow, Run, Status, write_feeds


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


def accept(connection: psycopg.Connection, run: Run, outcome: Outcome) -> list[Problem]:
    """Make the load readable, move the cursors and end the run, all at once or not at all.

    Returns what is missing, records refused by earlier runs and not right yet included; then the run is
    `incomplete`.

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
        problems = open_problems(connection, run, outcome.unread)
        status: Status = "incomplete" if problems else "succeeded"
        connection.execute(
            """
            update app.sync_runs set status = %s, finished_at = clock_timestamp(), load_id = %s
            where organization_id = %s and id = %s
            """,
            [status, outcome.load_id, run.organization_id, run.id],
        )
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


_NOW = """
with now as (
    select *, row_number() over (partition by feed, record_id, field, reason, effect) as nth
    from unnest(
        %(feed)s::text[], %(record_id)s::text[], %(field)s::text[], %(reason)s::text[], %(effect)s::text[],
        %(seen_at)s::timestamptz[]
    ) as now(feed, record_id, field, reason, effect, seen_at)
)
"""
# A record is refused once, for one reason or another; of one that landed, each field is blanked for itself.
_IS_SAME = """
    known.feed = now.feed and known.record_id = now.record_id and known.effect = now.effect
    and (now.effect = 'refused' or known.field = now.field)
"""
# What a refused record lacked before is what its last good version still lacks.
_IS_STILL_SO = """
    known.feed = now.feed and known.record_id = now.record_id
    and (now.effect = 'refused' or (known.effect = 'blanked' and known.field = now.field))
"""


def _quarantine(connection: psycopg.Connection, run: Run, outcome: Outcome) -> None:
    """What is open already is only seen again, what came right is resolved. In statements, not in rows: a
    clinic may have 62,000 odd addresses."""
    values: dict[str, Any] = {"organization_id": run.organization_id, "sync_run_id": run.id}
    for name in ("feed", "record_id", "field", "reason", "effect", "seen_at"):
        values[name] = [getattr(row, name) for row in outcome.quarantined]
    _resolve(connection, values, outcome)
    connection.execute(
        f"""
        {_NOW}, seen as (
            update app.quarantine as known
            set sync_run_id = %(sync_run_id)s, seen_at = now.seen_at, field = now.field, reason = now.reason
            from now
            where organization_id = %(organization_id)s and resolved_at is null and {_IS_SAME}
            returning known.feed, known.record_id, known.field, known.effect
        )
        insert into app.quarantine
            (organization_id, sync_run_id, feed, record_id, field, reason, seen_at, effect)
        select %(organization_id)s, %(sync_run_id)s, feed, record_id, field, reason, seen_at, effect
        from now
        where case
            when record_id is not null then not exists (select from seen as known where {_IS_SAME})
            else nth > (
                select count(*) from app.quarantine as known
                where known.organization_id = %(organization_id)s and known.feed = now.feed
                    and known.record_id is null and known.resolved_at is null
                    and known.field is not distinct from now.field and known.reason = now.reason
            )
        end
        """,
        values,
    )


def _resolve(connection: psycopg.Connection, values: dict[str, Any], outcome: Outcome) -> None:
    """Of a list read whole everything that is not so any more, else what was read or asked for."""
    waiting = connection.execute(
        "select distinct feed from app.quarantine where organization_id = %s and resolved_at is null",
        [values["organization_id"]],
    ).fetchall()
    for (feed,) in waiting:
        connection.execute(
            f"""
            {_NOW}
            update app.quarantine as known set resolved_at = now()
            where organization_id = %(organization_id)s and feed = %(of)s and resolved_at is null
                and (%(is_whole)s or record_id = any(%(settled)s))
                and record_id is not null
                and not exists (select from now where {_IS_STILL_SO})
            """,
            {
                **values,
                "of": feed,
                "is_whole": feed in outcome.whole,
                "settled": list(outcome.settled.get(feed, ())),
            },
        )
        if feed in outcome.whole:
            _resolve_nameless(connection, values, feed)


def _resolve_nameless(connection: psycopg.Connection, values: dict[str, Any], feed: str) -> None:
    """Records without a readable id cannot be told apart: as many stay as were counted now."""
    connection.execute(
        f"""
        {_NOW}
        update app.quarantine set resolved_at = now()
        from (
            select id, feed, field, reason,
                row_number() over (partition by field, reason order by seen_at desc, id) as nth
            from app.quarantine
            where organization_id = %(organization_id)s and feed = %(of)s and record_id is null
                and resolved_at is null
        ) as known
        where quarantine.organization_id = %(organization_id)s and quarantine.id = known.id
            and not exists (
                select from now
                where now.record_id is null and now.feed = known.feed and now.reason = known.reason
                    and now.field is not distinct from known.field and now.nth = known.nth
            )
        """,
        {**values, "of": feed},
    )
