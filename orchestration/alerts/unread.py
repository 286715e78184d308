"""What the last sync that counts could not read of each clinic that is kept up: for doctor and alerts.

Read from the ledger of runs and the quarantine as they are, when somebody asks. `example` is a record's id:
for whoever sits at this machine, in no alert.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

What = Literal["refused", "blanked", "forbidden", "unavailable"]

UNREAD = """
with latest as (
    select organizations.organization_id, run.id
    from app.organizations
    cross join lateral (
        select id from app.sync_runs
        where sync_runs.organization_id = organizations.organization_id and is_accepted
        order by finished_at desc
        limit 1
    ) as run
    where is_active and sync_enabled
)

select
    quarantine.organization_id,
    feed,
    effect as what,
    field,
    reason,
    count(*) as records,
    (array_agg(record_id order by length(record_id), record_id))[1] as example,
    null::timestamptz as last_read_at
from app.quarantine
inner join app.organizations using (organization_id)
where resolved_at is null and is_active and sync_enabled
group by quarantine.organization_id, feed, effect, field, reason
union all
select
    feeds.organization_id,
    feeds.feed,
    feeds.status,
    null,
    coalesce(feeds.error_detail, feeds.error_code, 'the key''s user may not read it'),
    0,
    null,
    (
        select max(reads.finished_at) from app.sync_run_feeds as reads
        where reads.organization_id = feeds.organization_id
            and reads.feed = feeds.feed and reads.status = 'succeeded'
    )
from latest
inner join app.sync_run_feeds as feeds
    on feeds.organization_id = latest.organization_id and feeds.sync_run_id = latest.id
where feeds.status in ('forbidden', 'unavailable')
order by organization_id, what desc, feed, records desc, field, reason
"""


@dataclass(frozen=True)
class Unread:
    """A feed that was not read, or records refused, or taken without a field, for one reason.

    `last_read_at`: of a feed that was not read, None if it never was.
    """

    organization_id: str
    feed: str
    what: What
    field: str | None
    reason: str
    records: int
    example: str | None
    last_read_at: datetime | None

    @property
    def is_of_feed(self) -> bool:
        return self.what in {"forbidden", "unavailable"}

    def in_short(self) -> str:
        """In words without a record's id, and without what Cliniko said."""
        if self.is_of_feed:
            return f"{self.feed} {self.what}"
        where = f" ({self.field})" if self.field else ""
        return f"{self.feed}: {self._count()} {self.what}{where}"

    def in_full(self) -> str:
        if self.is_of_feed:
            read = f"last read {self.last_read_at:%Y-%m-%d %H:%M} UTC" if self.last_read_at else "never read"
            return f"{self.feed} {self.what}, {read}: {self.reason}"
        where = f"{self.field}: {self.reason}" if self.field else self.reason
        done = "refused" if self.what == "refused" else "taken without a field"
        example = f" (e.g. {self.example})" if self.example else ""
        return f"{self.feed}: {self._count()} {done}: {where}{example}"

    def _count(self) -> str:
        return f"{self.records} record{'' if self.records == 1 else 's'}"


def find_unread(connection: psycopg.Connection[Any]) -> dict[str, list[Unread]]:
    """By organization. As the owner."""
    found: dict[str, list[Unread]] = {}
    with connection.cursor(row_factory=class_row(Unread)) as cursor:
        for one in cursor.execute(UNREAD):
            found.setdefault(one.organization_id, []).append(one)
    return found
