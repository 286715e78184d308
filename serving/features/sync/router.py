"""`/api/v1/admin/sync/...`: asking for a sync, and how syncs stand."""

from typing import Annotated

from fastapi import Depends
from psycopg.rows import DictRow

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import known
from serving.data.database import Database
from serving.data.framing import answering, statement
from serving.data.projection import projection
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.counted import look_at_counts
from serving.features.sync.schemas import FeedState, SyncDashboard, SyncScheduled
from serving.http.errors import NotLoaded, Unavailable
from serving.openapi.responses import responses

router = data_router("/api/v1/admin/sync/schedule/{organization_id}", "sync")
dashboard_router = data_router("/api/v1/admin/sync/dashboard/{organization_id}", "sync")
Admin = Annotated[Member, Depends(Guard(tier="sync", role="admin"))]
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
SCHEDULE = statement("features/sync/schedule.sql")
FEEDS = statement("features/sync/feeds.sql", FeedState=projection(FeedState))
DASHBOARD = answering("features/sync/dashboard.sql", SyncDashboard, feeds=FEEDS)
BEFORE_ANY_BUILD = answering("features/sync/dashboard.sql", SyncDashboard, feeds="select '[]'::json")
ATTEMPTS = 5


@router.post(
    "",
    operation_id="scheduleSync",
    summary="Queue a sync, unless one is under way",
    responses=responses(),
)
async def schedule_sync(caller: Admin, data: Data) -> SyncScheduled:
    row = await queue_or_find(data, caller)
    return SyncScheduled(
        organization_id=caller.organization_id,
        sync_scheduled=row["is_new"],
        sync_id=row["sync_id"],
        message="Sync started successfully" if row["is_new"] else "A sync is already queued or running",
        timestamp=row["as_of"],
    )


async def queue_or_find(database: Database, caller: Member) -> DictRow:
    """Queue a run, or find the one that is under way; another session may do either meanwhile."""
    parameters = {"organization_id": caller.organization_id, "requested_by": caller.subject}
    for _ in range(ATTEMPTS):
        row = known(await database.write(caller.organization_id, SCHEDULE, parameters))
        if row["sync_id"] is not None:
            return row
    raise Unavailable(retry_after=1)


@dashboard_router.get(
    "",
    operation_id="getSyncDashboard",
    summary="How the organization's syncs stand, what they brought, and the last ten of them",
    response_model=SyncDashboard,
    responses=responses(data=True),
)
async def sync_dashboard(caller: Caller, data: Data) -> Reply:
    try:
        return Reply(await look_at_counts(data, caller, DASHBOARD))
    except NotLoaded:
        return Reply(await look_at_counts(data, caller, BEFORE_ANY_BUILD))
