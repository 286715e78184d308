"""What a run that counts could not read: why it is `incomplete`. Words and counts, never content."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import psycopg

from ingestion.runs import FeedRow
from warehouse.sync_runs import Run

FIELDS_LOST = "fields_lost"
"""The code of a feed that was read without these fields; `error_detail` names them for the next run."""
What = Literal["refused", "blanked", "forbidden", "unavailable"]


@dataclass(frozen=True)
class Problem:
    """Records that wait in quarantine for one reason, a field that changed, or a feed that was not read."""

    feed: str
    what: What
    """refused: records did not land; blanked: they landed without the field; else the feed was not read."""
    field: str | None = None
    reason: str | None = None
    records: int = 0
    example_id: str | None = None
    detail: str = ""
    """The sentence for people."""


@dataclass(frozen=True)
class Unread:
    """What a run knows of its gaps before it is accepted; the open quarantine says the rest."""

    feeds: list[Problem] = field(default_factory=list)
    lost_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By feed: the fields that most of its records cannot fill any more."""


def open_problems(connection: psycopg.Connection, run: Run, unread: Unread) -> list[Problem]:
    """Everything that keeps the data from being whole, once the run's quarantine is written."""
    groups = connection.execute(
        """
        select feed, effect, field, reason, count(*), min(record_id) from app.quarantine
        where organization_id = %s and resolved_at is null
        group by feed, effect, field, reason order by feed, effect, count(*) desc, field, reason
        """,
        [run.organization_id],
    ).fetchall()
    found = [
        _of_quarantine(*group)
        for group in groups
        if group[1] == "refused" or group[2] in unread.lost_fields.get(group[0], ())
    ]
    return [*unread.feeds, *found]


def unread_feed(row: FeedRow) -> Problem:
    """An optional feed of which this run has nothing."""
    what: What = "forbidden" if row.status == "forbidden" else "unavailable"
    detail = f"{row.feed} was not read, its last data stay: {row.error_detail}"
    return Problem(row.feed, what, reason=row.error_code, detail=detail)


def _of_quarantine(
    feed: str,
    effect: Literal["refused", "blanked"],
    name: str | None,
    reason: str,
    count: int,
    one: str | None,
) -> Problem:
    noun = "record is" if count == 1 else "records are"
    where = f"{name}: {reason}" if name else reason
    example = f"; one is {one}" if one else ""
    done = "refused" if effect == "refused" else "blanked, in most of what was read"
    detail = f"{feed}: {count} {noun} {done} ({where}){example}; correct it in Cliniko, the next sync sees it"
    return Problem(feed, effect, name, reason, count, one, detail)
