"""Claiming a run, its progress by feed, and how it fails. Accepting it is `ingestion.accepting`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import psycopg
from psycopg import sql

from ingestion.errors import SyncError
from warehouse import sync_runs
from warehouse.sync_runs import Kind, Run

LOCK = "hashtextextended('routiq sync ' || %(organization_id)s, 0)"


@dataclass
class FeedRow:
    """One row of `app.sync_run_feeds` in the making."""

    feed: str
    status: Literal["running", "succeeded", "failed", "forbidden", "unavailable"] = "running"
    pages_total: int = 0
    pages_done: int = 0
    requests: int = 0
    rate_limit_waits: int = 0
    rows_read: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_removed: int = 0
    rows_quarantined: int = 0
    rows_blanked: int = 0
    error_code: str | None = None
    error_detail: str | None = None
    note: str | None = None


def claim(
    connection: psycopg.Connection,
    organization_id: str,
    sync_run_id: UUID | None,
    kind: Kind,
    requested_by: str,
) -> Run:
    """Take the queued run, or queue one and take it. `connection` must stay open as long as the run.

    A session lock tells at once that the process of a running row is gone; its lease tells it after a
    minute. Either is enough to take over.

    Raises:
        SyncError: the organization is unknown or paused, or another run of it is alive.
    """
    with connection.transaction():
        _lock_organization(connection, organization_id)
        is_alone = _try_lock(connection, organization_id)
        active = connection.execute(
            """
            select id, kind, status, coalesce(lease_expires_at < now(), false) from app.sync_runs
            where organization_id = %s and status in ('queued', 'running')
            """,
            [organization_id],
        ).fetchone()
        if active is not None:
            active_id, active_kind, status, is_expired = active
            if status == "running" and not (is_alone or is_expired):
                raise SyncError("already_running", f"a sync of {organization_id} is running")
            is_waiting = sync_run_id is None and status == "queued" and active_kind == kind
            if is_waiting or sync_run_id == active_id:
                return _start(connection, organization_id, active_id)
            if status == "queued":
                raise _already_queued(organization_id)
            sync_runs.expire(connection, organization_id, active_id)
            _close_feeds(connection, organization_id, active_id)
        run_id = sync_run_id or sync_runs.queue(connection, organization_id, kind, requested_by)
        if run_id is None:
            raise _already_queued(organization_id)
        return _start(connection, organization_id, run_id)


def _already_queued(organization_id: str) -> SyncError:
    """By somebody else: whoever it is will do it."""
    return SyncError("already_queued", f"a run of {organization_id} is queued already")


def _lock_organization(connection: psycopg.Connection, organization_id: str) -> None:
    """Against other claims. A stronger lock would have the API wait for us, whose queued run we wait for."""
    row = connection.execute(
        "select is_active from app.organizations where organization_id = %s for no key update",
        [organization_id],
    ).fetchone()
    if row is None:
        raise SyncError("unknown_organization", f"there is no organization {organization_id!r}")
    if not row[0]:
        resume = f"`routiq org resume {organization_id}` first"
        raise SyncError("paused", f"{organization_id} is paused, so it is not synced; {resume}")


def _try_lock(connection: psycopg.Connection, organization_id: str) -> bool:
    row = connection.execute(
        f"select pg_try_advisory_lock({LOCK})", {"organization_id": organization_id}
    ).fetchone()
    return bool(row and row[0])


def _start(connection: psycopg.Connection, organization_id: str, run_id: UUID) -> Run:
    run = sync_runs.start(connection, organization_id, run_id)
    if run is None:
        raise SyncError("unknown_run", f"run {run_id} of {organization_id} is not waiting to be done")
    return run


_FEED_COLUMNS = tuple(FeedRow.__dataclass_fields__)[1:]


def write_feeds(connection: psycopg.Connection, run: Run, rows: Iterable[FeedRow]) -> None:
    """Progress: the rows that everyone else shows."""
    columns = ", ".join(_FEED_COLUMNS)
    values = ", ".join(f"%({name})s" for name in _FEED_COLUMNS)
    excluded = ", ".join(f"excluded.{name}" for name in _FEED_COLUMNS)
    query = f"""
        insert into app.sync_run_feeds (organization_id, sync_run_id, feed, {columns}, finished_at)
        values (%(organization_id)s, %(id)s, %(feed)s, {values},
            case when %(status)s <> 'running' then now() end)
        on conflict (organization_id, sync_run_id, feed) do update
        set ({columns}) = ({excluded}),
            finished_at = coalesce(sync_run_feeds.finished_at, excluded.finished_at)
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL(query),
            [{"organization_id": run.organization_id, "id": run.id, **vars(row)} for row in rows],
        )


def fail(connection: psycopg.Connection, run: Run, error: SyncError, feeds: Iterable[FeedRow] = ()) -> None:
    """End the run, with how far its feeds came. A run that is no longer ours is left alone."""
    with connection.transaction():
        if sync_runs.fail(connection, run, error.code, error.message):
            write_feeds(connection, run, feeds)
        _close_feeds(connection, run.organization_id, run.id)


def _close_feeds(connection: psycopg.Connection, organization_id: str, run_id: UUID) -> None:
    connection.execute(
        """
        update app.sync_run_feeds set status = 'failed', finished_at = now()
        where organization_id = %s and sync_run_id = %s and status = 'running'
        """,
        [organization_id, run_id],
    )
