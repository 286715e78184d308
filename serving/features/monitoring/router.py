"""`/api/v1/admin/monitoring/system-health`: is everything running, and is the data fresh?"""

from typing import Annotated

from fastapi import Depends

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.answer import Answer
from serving.data.asking import look
from serving.data.database import Database
from serving.data.reply import Reply
from serving.data.route import Data, Operators, data_router
from serving.features.counted import look_at_counts
from serving.features.monitoring.queries import OWN, WHOLE, WHOLE_BEFORE_ANY_BUILD
from serving.features.monitoring.schemas import SystemHealth
from serving.http.errors import NotLoaded
from serving.openapi.responses import responses

router = data_router("/api/v1/admin/monitoring", "monitoring")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]


@router.get(
    "/system-health",
    operation_id="getSystemHealth",
    summary="Syncs of the last 24 hours and freshness: of your organization; an operator sees all",
    response_model=SystemHealth,
    responses=responses(data=True),
)
async def system_health(caller: Caller, data: Data, operators: Operators) -> Reply:
    if caller.is_operator:
        return Reply(await look_at_all(operators, caller))
    return Reply(await look_at_counts(data, caller, OWN))


async def look_at_all(operators: Database, caller: Member) -> Answer:
    try:
        return await look(operators, caller, WHOLE, {})
    except NotLoaded:
        return await look(operators, caller, WHOLE_BEFORE_ANY_BUILD, {})
