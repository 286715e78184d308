"""`/api/v1/admin/monitoring/system-health`: is everything running, and is the data fresh?"""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from serving.access.caller import Member
from serving.access.guard import Guard, guarded_router
from serving.data.answer import Answer
from serving.data.asking import look
from serving.data.database import Database
from serving.features.counted import look_at_counts
from serving.features.monitoring.queries import OWN, WHOLE, WHOLE_BEFORE_ANY_BUILD
from serving.features.monitoring.schemas import SystemHealth
from serving.http.errors import NotLoaded
from serving.openapi.responses import responses

router = guarded_router("/api/v1/admin/monitoring", "monitoring")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]


@router.get(
    "/system-health",
    operation_id="getSystemHealth",
    summary="Syncs of the last 24 hours and freshness: of your organization; an operator sees all",
    response_model=SystemHealth,
    responses=responses(data=True),
)
async def system_health(request: Request, caller: Caller) -> Response:
    services = request.app.state.services
    if caller.is_operator:
        answer = await look_at_all(services.operators, caller)
    else:
        answer = await look_at_counts(services.database, caller, OWN)
    return answer.response(request)


async def look_at_all(operators: Database, caller: Member) -> Answer:
    try:
        return await look(operators, caller, WHOLE, {})
    except NotLoaded:
        return await look(operators, caller, WHOLE_BEFORE_ANY_BUILD, {})
