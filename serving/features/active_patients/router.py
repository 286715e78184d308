"""`/api/v1/admin/active-patients/{organization_id}`: the patients in care, and their numbers."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from serving.access.caller import Member
from serving.access.guard import Guard, guarded_router
from serving.data import paging
from serving.data.asking import ask
from serving.data.audit import record_view
from serving.features.active_patients.queries import ACTIVE_PATIENTS, ALL_ACTIVE_PATIENTS, SUMMARY
from serving.features.active_patients.schemas import ActivePatients, ActivePatientsSummary
from serving.openapi.responses import responses

router = guarded_router("/api/v1/admin/active-patients/{organization_id}", "active patients")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
LIST = "active"
POSITION = (paging.is_amount,)


@router.get(
    "",
    operation_id="listActivePatients",
    summary="Everybody who came in the last 45 days, the latest first",
    response_model=ActivePatients,
    responses=responses(data=True),
)
async def active_patients(
    request: Request,
    caller: Caller,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="All of them without it")] = None,
    cursor: paging.Cursor = None,
) -> Response:
    after = paging.decode(LIST, POSITION, cursor)
    database = request.app.state.services.database
    parameters = {"limit": limit, "after": after}
    statement = ACTIVE_PATIENTS if limit else ALL_ACTIVE_PATIENTS
    answer = await ask(database, caller, statement, parameters, pages_of=LIST)
    await record_view(database, request, caller, answer, {"limit": limit, "cursor": cursor is not None})
    return answer.response(request)


@router.get(
    "/summary",
    operation_id="getActivePatientsSummary",
    summary="How many they are, and how often they come",
    response_model=ActivePatientsSummary,
    responses=responses(data=True),
)
async def active_patients_summary(request: Request, caller: Caller) -> Response:
    answer = await ask(request.app.state.services.database, caller, SUMMARY, {})
    return answer.response(request)
