"""`/api/v1/admin/active-patients/{organization_id}`: the patients in care, and their numbers."""

from typing import Annotated

from fastapi import Depends, Query

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data import paging
from serving.data.asking import ask
from serving.data.framing import answering
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.active_patients.schemas import ActivePatient, ActivePatients, ActivePatientsSummary
from serving.features.visitors import visitors
from serving.openapi.responses import responses

router = data_router("/api/v1/admin/active-patients/{organization_id}", "active patients")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
ACTIVE_PATIENTS = visitors(ActivePatients, ActivePatient, "marts.active_patients", "patient_id")
ALL_ACTIVE_PATIENTS = visitors(
    ActivePatients, ActivePatient, "marts.active_patients", "patient_id", whole=True
)
SUMMARY = answering("features/active_patients/summary.sql", ActivePatientsSummary)
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
    caller: Caller,
    data: Data,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="All of them without it")] = None,
    cursor: paging.Cursor = None,
) -> Reply:
    statement = ACTIVE_PATIENTS if limit else ALL_ACTIVE_PATIENTS
    parameters = {"limit": limit, "after": paging.decode(LIST, POSITION, cursor)}
    answer = await ask(data, caller, statement, parameters, pages_of=LIST)
    return Reply(answer, {"limit": limit, "cursor": cursor is not None})


@router.get(
    "/summary",
    operation_id="getActivePatientsSummary",
    summary="How many they are, and how often they come",
    response_model=ActivePatientsSummary,
    responses=responses(data=True),
)
async def active_patients_summary(caller: Caller, data: Data) -> Reply:
    return Reply(await ask(data, caller, SUMMARY, {}))
