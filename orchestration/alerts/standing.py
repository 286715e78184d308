"""How each clinic that is kept up stands, in one word and a sentence: what alerts are about.

app.sync_runs, quarantine, checks.held_back -> Standing. From these facts alone, so a sync by command counts
like one by Dagster. The sentences go out of the house: they hold words of ours, names of feeds and fields,
and counts; never what Cliniko said, no patient and no id of one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
from psycopg.rows import dict_row

from orchestration.alerts.unread import Unread, find_unread

State = Literal["fine", "incomplete", "late", "held_back", "failed"]

WHY = {
    "wrong_key": "Cliniko refuses the key",
    "refused": "Cliniko refuses what we ask",
    "not_found": "Cliniko knows no such list at this address",
    "forbidden": "the key's user may not read what is needed",
    "no_key": "no Cliniko key is stored",
    "sealed": "the stored Cliniko key does not open",
    "another_account": "the key belongs to another Cliniko account",
    "gone": "Cliniko has a list no longer",
    "shape_changed": "most new records of a feed do not fit any more",
    "wrong_shape": "Cliniko's answers do not have the shape we know",
    "empty_list": "a list is empty that was not",
    "shrunk_list": "too many records are gone at once",
    "too_many_requests_needed": "a list had no end after many requests",
    "took_too_long": "it took longer than a run may",
    "server_error": "Cliniko went on answering with errors",
    "unreachable": "Cliniko cannot be reached",
    "timeout": "Cliniko did not answer in time",
    "rate_limited": "Cliniko went on answering that there are too many requests",
    "database_away": "our database could not be reached",
    "lease_expired": "its process ended without a word",
    "abandoned": "its run in Dagster ended without a word",
    "internal": "the run broke off",
}
REMEDIES: dict[State, str] = {
    "fine": "nothing",
    "incomplete": "`routiq doctor` names the records; mend them in Cliniko, the next sync asks again",
    "late": "`routiq status` and `routiq doctor` say whether Dagster's daemon runs and what it waits for",
    "held_back": "the last good data stays; mend the rows that `routiq doctor` counts in Cliniko, then sync",
    "failed": "`routiq doctor` says more; the last good data stays, and the next hour tries again",
}
FACTS = """
select
    organizations.organization_id,
    ended.status = 'failed' as is_failed,
    ended.error_code,
    ended.dagster_run_id as ended_run_id,
    broken.feeds as broken_feeds,
    accepted.status = 'incomplete' as is_incomplete,
    accepted.finished_at as accepted_at,
    accepted.dagster_run_id as accepted_run_id,
    exists (
        select from app.sync_runs as underway
        where underway.organization_id = organizations.organization_id
            and underway.status = 'running' and underway.lease_expires_at >= now()
    ) as is_underway,
    coalesce(alerts.watched_since, now()) as watched_since
from app.organizations
left join app.organization_alerts as alerts using (organization_id)
left join lateral (
    select * from app.sync_runs
    where sync_runs.organization_id = organizations.organization_id and finished_at is not null
    order by finished_at desc
    limit 1
) as ended on true
left join lateral (
    select * from app.sync_runs
    where sync_runs.organization_id = organizations.organization_id and is_accepted
    order by finished_at desc
    limit 1
) as accepted on true
left join lateral (
    select string_agg(feed, ', ' order by feed) as feeds from app.sync_run_feeds
    where sync_run_feeds.organization_id = organizations.organization_id
        and sync_run_feeds.sync_run_id = ended.id and sync_run_feeds.status = 'failed'
) as broken on true
where is_active and sync_enabled
order by organization_id
"""
HELD_BACK = """
select organization_id, string_agg(check_name, ', ' order by check_name)
from checks.held_back group by organization_id
"""


@dataclass(frozen=True)
class Standing:
    """`dagster_run_id` is of the run that made it so, None where Dagster did not do it."""

    organization_id: str
    state: State
    reason: str
    dagster_run_id: str | None = None

    @property
    def remedy(self) -> str:
        return REMEDIES[self.state]


def find_standings(connection: psycopg.Connection[Any], stale_after: timedelta) -> list[Standing]:
    """Of every organization that is active and synced by itself. As the owner."""
    held_back = _held_back(connection)
    unread = find_unread(connection)
    with connection.cursor(row_factory=dict_row) as cursor:
        facts = cursor.execute(FACTS).fetchall()
    return [
        _judge(
            row, held_back.get(row["organization_id"]), unread.get(row["organization_id"], []), stale_after
        )
        for row in facts
    ]


def _held_back(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """The checks that failed, by organization; nobody before the first build."""
    built = connection.execute("select to_regclass('checks.held_back') is not null").fetchone()
    return dict(connection.execute(HELD_BACK).fetchall()) if built == (True,) else {}


def _judge(row: dict[str, Any], checks: str | None, unread: list[Unread], stale_after: timedelta) -> Standing:
    """The worst that holds. A sync that failed stays `failed` when its data are late as well."""
    name = row["organization_id"]
    if row["is_failed"]:
        where = f", while reading {row['broken_feeds']}" if row["broken_feeds"] else ""
        why = WHY.get(row["error_code"], str(row["error_code"]).replace("_", " "))
        return Standing(name, "failed", f"the last sync failed: {why}{where}", row["ended_run_id"])
    if checks:
        return Standing(name, "held_back", f"rows that fail these checks hold its new data back: {checks}")
    if _is_late(row, stale_after):
        since = f"since {row['accepted_at']:%Y-%m-%d %H:%M} UTC" if row["accepted_at"] else "yet"
        return Standing(name, "late", f"no sync has come through {since}")
    if row["is_incomplete"]:
        missing = "; ".join(part.in_short() for part in unread)
        return Standing(
            name, "incomplete", f"the last sync could not read all: {missing}", row["accepted_run_id"]
        )
    return Standing(name, "fine", "the last sync read everything", row["accepted_run_id"])


def _is_late(row: dict[str, Any], stale_after: timedelta) -> bool:
    """Counted from when we began to look after it, for a new clinic and one that was paused; and a first load
    takes as long as it takes."""
    if row["accepted_at"] is None and row["is_underway"]:
        return False
    since = max(row["accepted_at"] or row["watched_since"], row["watched_since"])
    return bool(datetime.now(UTC) - since >= stale_after)
