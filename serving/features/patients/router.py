"""`/api/v1/reengagement/{org_id}/patients/{patient_id}`: all there is to know before calling somebody."""

import json
from typing import Annotated

from fastapi import Depends, Path

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import ask
from serving.data.framing import answering
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.patients.schemas import MOST, PatientPage
from serving.openapi.responses import responses

router = data_router("/api/v1/reengagement/{org_id}/patients/{patient_id}", "reengagement")
Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]
PATIENT = answering("features/patients/patient.sql", PatientPage)
PatientId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Cliniko's patient id; a merged one is answered with the patient it was merged into",
    ),
]


@router.get(
    "",
    operation_id="getPatient",
    summary="One patient: standing, visits, outreach, and treatment notes for those who may read them",
    response_model=PatientPage,
    responses=responses(data=True),
)
async def patient(caller: Caller, data: Data, patient_id: PatientId) -> Reply:
    parameters = {"patient_id": patient_id, "role": caller.role, "limit": MOST}
    answer = await ask(data, caller, PATIENT, parameters, unknown="We do not know this patient.")
    shows_notes = json.loads(answer.body)["treatment_notes"] is not None
    return Reply(answer, {"treatment_notes": shows_notes})
