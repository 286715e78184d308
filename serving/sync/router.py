"""`/api/v1/admin/sync/...`: asking for a sync."""

from typing import Annotated

from fastapi import Depends
from psycopg.rows import DictRow
from starlette.requests import Request

from serving.answers import known
from serving.database import Database
from serving.errors import Unavailable
from serving.guard import Guard, Member, guarded_router
from serving.openapi import responses
from serving.services import services_of
from serving.sync.queries import SCHEDULE
from serving.sync.schemas import SyncScheduled

router = guarded_router("/api/v1/admin/sync/schedule/{organization_id}", "sync")
Caller = Annotated[Member, Depends(Guard("sync", "admin"))]
ATTEMPTS = 5


@router.post(
    "",
    operation_id="scheduleSync",
    summary="Queue a sync, unless one is under way",
    responses=responses(),
)
async def schedule_sync(request: Request, caller: Caller) -> SyncScheduled:
    row = await queue_or_find(services_of(request).database, caller)
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
