"""`/api/v1/admin/clerk/...`: mirroring who belongs to the organization, and what the mirror holds."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import look
from serving.data.framing import answering
from serving.data.reply import Reply
from serving.data.route import Data, Operators, data_router
from serving.features.clerk.mirror import Mirror
from serving.features.clerk.schemas import ClerkStatus, ClerkSyncOrder, ClerkSyncStarted, DatabaseSummary
from serving.http.errors import Forbidden, Unavailable
from serving.openapi.responses import responses


async def mirror_of(request: Request) -> Mirror | None:
    mirror: Mirror | None = request.app.state.services.mirror
    return mirror


router = data_router("/api/v1/admin/clerk", "clerk")
Admin = Annotated[Member, Depends(Guard(tier="sync", role="admin"))]
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
STATUS = answering("features/clerk/status.sql", ClerkStatus)
OWN_SUMMARY = answering(
    "features/clerk/summary.sql", DatabaseSummary, scope="organization_id = %(organization_id)s"
)
WHOLE_SUMMARY = answering("features/clerk/summary.sql", DatabaseSummary, scope="true")
Mirroring = Annotated[Mirror | None, Depends(mirror_of)]
NO_KEY = (
    "No key of Clerk's Backend API is configured here (ROUTIQ_CLERK_SECRET_KEY), so nothing can be mirrored."
)
GUESS_SECONDS = 5


@router.post(
    "/sync",
    operation_id="startClerkSync",
    summary="Mirror the organization, its users and memberships from Clerk, unless that is under way",
    responses=responses(400, 413, 415),
)
async def start_clerk_sync(caller: Admin, mirror: Mirroring, order: ClerkSyncOrder) -> ClerkSyncStarted:
    if order.organization_id != caller.organization_id:
        raise Forbidden
    if mirror is None:
        raise Unavailable(NO_KEY, retry_after=3600)
    row = await mirror.start(caller)
    return ClerkSyncStarted(
        success=True,
        message="Clerk sync started" if row["is_new"] else "A Clerk sync is already running",
        sync_id=row["sync_id"],
        estimated_duration=duration(row["last_seconds"] or GUESS_SECONDS),
    )


def duration(seconds: int) -> str:
    return "1 second" if seconds == 1 else f"{seconds} seconds"


@router.get(
    "/status",
    operation_id="getClerkStatus",
    summary="Whether Clerk answers, what has been mirrored, and how the last sync went",
    response_model=ClerkStatus,
    responses=responses(data=True),
)
async def clerk_status(caller: Caller, data: Data, mirror: Mirroring) -> Reply:
    parameters = {"is_connected": bool(mirror and await mirror.is_connected(caller.organization_id))}
    return Reply(await look(data, caller, STATUS, parameters))


@router.get(
    "/database-summary",
    operation_id="getDatabaseSummary",
    summary="Users, organizations, memberships and roles in the database: your own; an operator sees all",
    response_model=DatabaseSummary,
    responses=responses(data=True),
)
async def database_summary(caller: Caller, data: Data, operators: Operators) -> Reply:
    if caller.is_operator:
        return Reply(await look(operators, caller, WHOLE_SUMMARY, {}))
    return Reply(await look(data, caller, OWN_SUMMARY, {}))
