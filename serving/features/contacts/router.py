"""`/api/v1/admin/contacts/{organization_id}/...`: whoever has had an appointment, or has one ahead."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from serving.access.caller import Member
from serving.access.guard import Guard, guarded_router
from serving.data import paging
from serving.data.asking import ask
from serving.data.audit import record_view
from serving.features.contacts.queries import ALL_CONTACTS, CONTACTS
from serving.features.contacts.schemas import ContactsWithAppointments
from serving.openapi.responses import responses

router = guarded_router("/api/v1/admin/contacts/{organization_id}", "contacts")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
LIST = "contacts"
POSITION = (paging.is_amount,)


@router.get(
    "/with-appointments",
    operation_id="listContactsWithAppointments",
    summary="Everybody with an appointment that stands, the latest visitor first",
    response_model=ContactsWithAppointments,
    responses=responses(data=True),
)
async def contacts_with_appointments(
    request: Request,
    caller: Caller,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="All of them without it")] = None,
    cursor: paging.Cursor = None,
) -> Response:
    after = paging.decode(LIST, POSITION, cursor)
    database = request.app.state.services.database
    parameters = {"limit": limit, "after": after}
    statement = CONTACTS if limit else ALL_CONTACTS
    answer = await ask(database, caller, statement, parameters, pages_of=LIST)
    await record_view(database, request, caller, answer, {"limit": limit, "cursor": cursor is not None})
    return answer.response(request)
