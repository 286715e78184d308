"""`/api/v1/reengagement/{org_id}/...`: who is at risk, whom to call, and both on one page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data import paging
from serving.data.asking import ask
from serving.data.framing import answering, statement
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.reengagement.schemas import (
    Dashboard,
    EngagementStatus,
    PrioritizedPatients,
    Priority,
    RiskFilter,
    RiskMetrics,
)
from serving.openapi.responses import responses

router = data_router("/api/v1/reengagement/{org_id}", "reengagement")
Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]
RISK_METRICS = answering("features/reengagement/risk_metrics.sql", RiskMetrics)
CALL_LIST = {
    "ranked": statement("features/reengagement/ranked.sql"),
    "order": 'action_priority, score_rank, value_rank, digits, patient_id collate "C"',
}
PRIORITIZED = answering("features/reengagement/prioritized.sql", PrioritizedPatients, **CALL_LIST)
DASHBOARD = answering("features/reengagement/dashboard.sql", Dashboard, **CALL_LIST)
LIST = "prioritized"
POSITION = (paging.is_integer, paging.is_integer, paging.is_amount)
TOP = 10


@router.get(
    "/risk-metrics",
    operation_id="getRiskMetrics",
    summary="How many patients are at each level of risk, and what needs attention",
    response_model=RiskMetrics,
    responses=responses(data=True),
)
async def risk_metrics(caller: Caller, data: Data) -> Reply:
    return Reply(await ask(data, caller, RISK_METRICS, {}))


@dataclass(frozen=True)
class Filters:
    """Which patients of the list are wanted; what the caller did not ask for is not repeated to it."""

    risk_level: RiskFilter
    limit: int
    optional: Mapping[str, object]

    def applied(self) -> dict[str, object]:
        given = {name: value for name, value in self.optional.items() if value is not None}
        return {"risk_level": self.risk_level, "limit": self.limit, **given}

    def parameters(self) -> dict[str, object]:
        digits = "".join(character for character in str(self.optional["search"] or "") if character.isdigit())
        return {
            "risk_level": self.risk_level,
            "limit": self.limit,
            **self.optional,
            "digits": digits if len(digits) >= 4 else "",
            "filters": json.dumps(self.applied()),
        }


async def wanted(
    risk_level: Annotated[
        RiskFilter, Query(description="`all` is the risk population, without the stale")
    ] = "all",
    limit: Annotated[int, Query(ge=1, le=200, description="How many patients at most")] = 50,
    action_priority: Annotated[Priority | None, Query(description="Only this priority")] = None,
    engagement_status: Annotated[
        EngagementStatus | None, Query(description="Only this status; the only way to the stale")
    ] = None,
    search: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description="Part of the name, e-mail or phone, or the whole id",
        ),
    ] = None,
) -> Filters:
    optional = {
        "action_priority": action_priority,
        "engagement_status": engagement_status,
        "search": search,
    }
    return Filters(risk_level, limit, optional)


@router.get(
    "/patients/prioritized",
    operation_id="listPrioritizedPatients",
    summary="Whom to call first, with scores, reasons and the recommended action",
    response_model=PrioritizedPatients,
    responses=responses(data=True),
)
async def prioritized_patients(
    caller: Caller,
    data: Data,
    filters: Annotated[Filters, Depends(wanted)],
    cursor: paging.Cursor = None,
) -> Reply:
    parameters = filters.parameters() | {"after": paging.decode(LIST, POSITION, cursor)}
    answer = await ask(data, caller, PRIORITIZED, parameters, pages_of=LIST)
    query = filters.applied() | {"cursor": cursor is not None}
    query |= {"search": True} if "search" in query else {}
    return Reply(answer, query, timestamp=True)


@router.get(
    "/dashboard",
    operation_id="getReengagementDashboard",
    summary="The levels with their average scores, and the ten to call first",
    response_model=Dashboard,
    responses=responses(data=True),
)
async def dashboard(caller: Caller, data: Data) -> Reply:
    return Reply(await ask(data, caller, DASHBOARD, {"limit": TOP}), {"limit": TOP})
