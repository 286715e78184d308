"""What is running and how far each organization is: the facts behind `routiq status`."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from operations.supervision.supervisor import ProcessState, Supervisor
from warehouse.settings import Settings

ORGANIZATIONS = """
select
    organizations.organization_id,
    organizations.name,
    organizations.sync_enabled,
    run.status as sync_status,
    run.kind as sync_kind,
    run.requested_by,
    run.requested_at,
    run.started_at,
    run.finished_at,
    coalesce(run.status = 'running' and run.lease_expires_at < now(), false) as is_stalled,
    run.error_code,
    run.error_detail,
    progress.pages_done,
    progress.pages_total,
    progress.requests,
    progress.rows_refused,
    progress.unread_feeds,
    publications.data_as_of,
    publications.data_version
from app.organizations
left join lateral (
    select * from app.sync_runs
    where sync_runs.organization_id = organizations.organization_id
    order by requested_at desc
    limit 1
) as run on true
left join lateral (
    select
        sum(pages_done)::bigint as pages_done,
        sum(pages_total)::bigint as pages_total,
        sum(requests)::bigint as requests,
        sum(rows_quarantined)::bigint as rows_refused,
        array_agg(feed order by feed) filter (where status in ('forbidden', 'unavailable')) as unread_feeds
    from app.sync_run_feeds
    where sync_run_feeds.organization_id = organizations.organization_id
        and sync_run_feeds.sync_run_id = run.id
) as progress on true
left join app.publications on publications.organization_id = organizations.organization_id
where organizations.is_active
order by organizations.organization_id
"""


def organizations(settings: Settings) -> list[dict[str, Any]]:
    """Each active organization with its latest sync, that sync's progress, and how fresh its data is.

    Raises:
        psycopg.OperationalError: the database is away.
    """
    with psycopg.connect(settings.url("loader"), connect_timeout=3, row_factory=dict_row) as connection:
        return connection.execute(ORGANIZATIONS).fetchall()


def processes(settings: Settings) -> list[ProcessState]:
    return Supervisor(settings.home).processes()


def describe_sync(row: dict[str, Any], now: datetime) -> str:
    """One organization's latest sync in a few words."""
    status = row["sync_status"]
    if status is None:
        return "never synced"
    if status == "running":
        state = "stalled" if row["is_stalled"] else "running"
        return f"{row['sync_kind']} {state}, {row['pages_done'] or 0} of {row['pages_total'] or '?'} pages"
    if status == "queued":
        return f"{row['sync_kind']} queued {ago(row['requested_at'], now)}"
    if status == "failed":
        return f"{row['sync_kind']} failed {ago(row['finished_at'], now)}: {row['error_code']}"
    if status == "incomplete":
        missing = [f"{row['rows_refused']} records refused"] if row["rows_refused"] else []
        missing += [f"{feed} not read" for feed in row["unread_feeds"] or []]
        return ": ".join(
            [f"{row['sync_kind']} incomplete {ago(row['finished_at'], now)}", ", ".join(missing)]
        )
    return f"{row['sync_kind']} succeeded {ago(row['finished_at'], now)}"


def ago(then: datetime, now: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
