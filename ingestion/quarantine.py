"""Which records and fields could not be taken: what a run found, against what is open since earlier ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

import psycopg

from warehouse.sync_runs import Run

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


def update_quarantine(
    connection: psycopg.Connection,
    run: Run,
    found: Sequence[QuarantinedRow],
    is_settled: Callable[[str, str | None], bool],
) -> None:
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
    now = _by_place(((one.feed, one.record_id, one.field, one.reason, one.effect), one) for one in found)
    refused = {(one.feed, one.record_id) for one in found if one.effect == "refused"}
    refused -= {(feed, None) for feed, _ in refused}
    # of one that is refused again, its last good version still lacks what it lacked
    resolved = [
        row[5]
        for place, row in waiting.items()
        if place not in now and is_settled(row[0], row[1]) and (row[0], row[1]) not in refused
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
