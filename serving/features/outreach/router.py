"""`/api/v1/reengagement/{org_id}/log-outreach`: writing down what was tried."""

import uuid
from typing import Annotated

from fastapi import Depends, Header
from psycopg.rows import DictRow
from starlette.requests import Request

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import known
from serving.data.audit import entry
from serving.data.database import Database, DatabaseError
from serving.data.framing import statement
from serving.data.route import Data, data_router
from serving.features.outreach.schemas import OutreachAttempt, OutreachLogged
from serving.http.errors import Unavailable, Unknown, Unprocessable
from serving.openapi.responses import responses

router = data_router("/api/v1/reengagement/{org_id}/log-outreach", "reengagement")
Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]
LOG_OUTREACH = statement("features/outreach/log_outreach.sql")
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Yours to choose, new for each attempt. Sent again within 24 hours, with the same body, "
        "it is answered as the first time and nothing is logged twice",
    ),
]
AHEAD = "5 minutes"
BEHIND = "2 years"
ATTEMPTS = 5


@router.post(
    "",
    operation_id="logOutreach",
    summary="Log that a patient was rung, texted or mailed, and how it went",
    status_code=201,
    responses=responses(400, 413, 415, success=201),
)
async def log_outreach(
    request: Request,
    caller: Caller,
    data: Data,
    attempt: OutreachAttempt,
    idempotency_key: IdempotencyKey = None,
) -> OutreachLogged:
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise Unprocessable(errors=[fault("header", "Idempotency-Key", "doubled", "May be given once only")])
    if contradictions := attempt.contradictions():
        raise Unprocessable(errors=contradictions)
    parameters = {
        **entry(request, caller, [attempt.patient_id], {"idempotency_key": idempotency_key is not None}),
        **attempt.model_dump(),
        "key": idempotency_key,
        "request_hash": attempt.fingerprint(),
        "ahead": AHEAD,
        "behind": BEHIND,
    }
    row = await log_or_find(data, caller, parameters)
    return OutreachLogged(
        success=True,
        outreach_id=row["outreach_id"],
        logged_at=row["logged_at"],
        message="Outreach logged successfully",
    )


async def log_or_find(database: Database, caller: Member, parameters: dict[str, object]) -> DictRow:
    """Log the attempt, or find what its key was used for; another session may use it meanwhile."""
    for _ in range(ATTEMPTS):
        named = {**parameters, "outreach_id": str(uuid.uuid4())}
        try:
            row = known(await database.write(caller.organization_id, LOG_OUTREACH, named))
        except DatabaseError:
            raise Unavailable from None
        refuse(row)
        if row["outreach_id"] is not None:
            return row
    raise Unavailable(retry_after=1)


def refuse(row: DictRow) -> None:
    """Raises what stands against logging, if anything does. A key that was used is answered as it was."""
    if row["is_other_request"]:
        reused = "It came with another request before"
        raise Unprocessable(errors=[fault("header", "Idempotency-Key", "reused", reused)])
    if row["outreach_id"] is not None:
        return
    faults = [fault("body", name, "in_the_future", "Lies in the future") for name in row["ahead"]]
    faults += [
        fault("body", name, "too_early", "More than two years ago, or before it was done")
        for name in row["behind"]
    ]
    if faults:
        raise Unprocessable(errors=faults)
    if not row["is_patient"]:
        raise Unknown("We do not know this patient.")


def fault(place: str, name: str, reason: str, message: str) -> dict[str, object]:
    return {"in": place, "name": name, "reason": reason, "message": message}
