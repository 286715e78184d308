"""`/api/v1/reengagement/{org_id}/performance`: attempts, contacts and bookings, in all and by channel."""

from typing import Annotated

from fastapi import Depends, Query

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import ask
from serving.data.framing import answering
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.performance.schemas import Performance, Timeframe
from serving.openapi.responses import responses

router = data_router("/api/v1/reengagement/{org_id}/performance", "reengagement")
Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]
PERFORMANCE = answering("features/performance/performance.sql", Performance)


@router.get(
    "",
    operation_id="getReengagementPerformance",
    summary="How much was tried, how many answered, how many booked",
    response_model=Performance,
    responses=responses(data=True),
)
async def performance(
    caller: Caller,
    data: Data,
    timeframe: Annotated[
        Timeframe, Query(description="Outreach made within so many local days, including today")
    ] = "last_30_days",
) -> Reply:
    return Reply(await ask(data, caller, PERFORMANCE, {"timeframe": timeframe}))
