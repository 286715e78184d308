"""`/api/v1/reengagement/{org_id}/trends`: the days of a period, and how it compares with the one before."""

from typing import Annotated, get_args

from fastapi import Depends, Query

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import ask
from serving.data.framing import answering
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.trends.schemas import Metric, Period, Trends
from serving.openapi.responses import responses

router = data_router("/api/v1/reengagement/{org_id}/trends", "reengagement")
Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]
TRENDS = answering("features/trends/trends.sql", Trends)


@router.get(
    "",
    operation_id="getReengagementTrends",
    summary="New risks, returns, outreach and bookings day by day, and where it is going",
    response_model=Trends,
    response_model_exclude_unset=True,
    responses=responses(data=True),
)
async def trends(
    caller: Caller,
    data: Data,
    period: Annotated[Period, Query(description="So many local days, today last")] = "30d",
    metrics: Annotated[
        list[Metric] | None,
        Query(max_length=10, description="What each day says beyond the documented; may be repeated"),
    ] = None,
) -> Reply:
    # In one order, so that the same question has the same answer however it was put.
    wanted = [metric for metric in get_args(Metric) if metric in (metrics or [])]
    parameters = {"period": period, "metrics": wanted}
    return Reply(await ask(data, caller, TRENDS, parameters))
