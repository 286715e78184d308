"""Every transition of a row of `app.sync_runs`, each in one text; whoever else names the table only reads it.

queued -> running, with a lease and a fence -> succeeded or incomplete (what it read counts), or failed

One run of an organization is queued or running at a time: a partial unique index is the truth. A process that
lost its lease and wakes up again finds a higher fence and can change nothing. Queueing is a function of the
database (`app.queue_sync`), since the API calls it within a statement of its own.
"""

from dataclasses import dataclass
from typing import Any, Literal, LiteralString
from uuid import UUID

import psycopg

Kind = Literal["sync", "sweep"]
Status = Literal["succeeded", "incomplete"]
"""Of a run that counts."""
LEASE_SECONDS = 60

LEASE: LiteralString = "now() + make_interval(secs => %(lease_seconds)s)"
START: LiteralString = f"""
update app.sync_runs
set status = 'running', started_at = coalesce(started_at, now()), lease_expires_at = {LEASE},
    fence = (
        select coalesce(max(fence), 0) + 1 from app.sync_runs where organization_id = %(organization_id)s
    )
where organization_id = %(organization_id)s and id = %(id)s and status in ('queued', 'running')
returning fence, kind
"""
HELD: LiteralString = """
organization_id = %(organization_id)s and id = %(id)s and fence = %(fence)s and status = 'running'
"""
RENEW: LiteralString = f"update app.sync_runs set lease_expires_at = {LEASE} where {HELD}"
HOLD: LiteralString = f"select from app.sync_runs where {HELD} for update"
FINISH: LiteralString = f"""
update app.sync_runs set status = %(status)s, finished_at = clock_timestamp(), load_id = %(load_id)s
where {HELD}
"""
FAIL: LiteralString = """
update app.sync_runs
set status = 'failed', finished_at = now(), error_code = %(code)s, error_detail = %(detail)s
where
"""
BELONGS: LiteralString = "organization_id = %(organization_id)s and id = %(id)s"
UNFINISHED: LiteralString = """
id = %(id)s and (status = 'queued' or (status = 'running' and dagster_run_id = %(dagster_run_id)s))
"""


@dataclass(frozen=True)
class Run:
    """A run that was started: whose it is, and the fence by which its process holds it."""

    organization_id: str
    id: UUID
    fence: int
    kind: Kind


def queue(connection: psycopg.Connection, organization_id: str, kind: Kind, requested_by: str) -> UUID | None:
    """The new run, or None where another one is queued or running."""
    row = connection.execute(
        "select app.queue_sync(%s, %s, %s)", [organization_id, kind, requested_by]
    ).fetchone()
    return row[0] if row else None


def start(connection: psycopg.Connection, organization_id: str, run_id: UUID) -> Run | None:
    """Hold a queued run, or one whose process is gone, by a new fence; None where it is over or unknown."""
    named = {"organization_id": organization_id, "id": run_id, "lease_seconds": LEASE_SECONDS}
    row = connection.execute(START, named).fetchone()
    return Run(organization_id, run_id, *row) if row else None


def renew(connection: psycopg.Connection, run: Run) -> bool:
    """Whether the run is still ours; then its lease begins again."""
    return connection.execute(RENEW, {**vars(run), "lease_seconds": LEASE_SECONDS}).rowcount == 1


def hold(connection: psycopg.Connection, run: Run) -> bool:
    """Whether the run is still ours; then nobody takes it over before this transaction ends."""
    return connection.execute(HOLD, vars(run)).fetchone() is not None


def finish(connection: psycopg.Connection, run: Run, status: Status, load_id: str) -> None:
    """End a run that is held: what it read counts."""
    connection.execute(FINISH, {**vars(run), "status": status, "load_id": load_id})


def fail(connection: psycopg.Connection, run: Run, code: str, detail: str) -> bool:
    """Whether the run was still ours; then it has failed."""
    return _fail(connection, HELD, vars(run), code, detail)


def expire(connection: psycopg.Connection, organization_id: str, run_id: UUID) -> None:
    """End a running run whose process is gone or let its lease run out."""
    detail = "its process ended without a word; the next run began where this one did"
    _fail(connection, BELONGS, {"organization_id": organization_id, "id": run_id}, "lease_expired", detail)


def abandon(connection: psycopg.Connection, run_id: UUID, dagster_run_id: str) -> None:
    """End a request whose run in Dagster is over without having ended it: it would bar the next one."""
    detail = "the run that was to do it ended without a word; see its page in Dagster"
    named = {"id": run_id, "dagster_run_id": dagster_run_id}
    _fail(connection, UNFINISHED, named, "abandoned", detail)


def _fail(
    connection: psycopg.Connection, which: LiteralString, named: dict[str, Any], code: str, detail: str
) -> bool:
    return connection.execute(FAIL + which, {**named, "code": code, "detail": detail}).rowcount == 1


def note_dagster_run(
    connection: psycopg.Connection, organization_id: str, run_id: UUID, dagster_run_id: str
) -> None:
    """Leave the way to Dagster's page of the run."""
    connection.execute(
        f"update app.sync_runs set dagster_run_id = %(dagster_run_id)s where {BELONGS}",
        {"organization_id": organization_id, "id": run_id, "dagster_run_id": dagster_run_id},
    )
