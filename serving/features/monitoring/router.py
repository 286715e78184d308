"""`/api/v1/admin/monitoring/system-health`: is everything running, and is the data fresh?"""

from typing import Annotated, LiteralString

from fastapi import Depends

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.answer import Answer
from serving.data.asking import look
from serving.data.database import Database
from serving.data.framing import answering, statement
from serving.data.reply import Reply
from serving.data.route import Data, Operators, data_router
from serving.features.counted import look_at_counts
from serving.features.monitoring.schemas import SystemHealth
from serving.http.errors import NotLoaded
from serving.openapi.responses import responses

router = data_router("/api/v1/admin/monitoring", "monitoring")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
NOBODY = "(select null as organization_id, 0 as total_contacts, 0 as total_active_patients where false)"


def health(scope: str, overall: str) -> LiteralString:
    return answering("features/monitoring/system_health.sql", SystemHealth, scope=scope, overall=overall)


def of_all(counts: str) -> LiteralString:
    return health("true", statement("features/monitoring/whole.sql", counts=counts))


OWN = health("organization_id = %(organization_id)s", statement("features/monitoring/own.sql"))
WHOLE = of_all("operations.organization_counts")
WHOLE_BEFORE_ANY_BUILD = of_all(NOBODY)


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
