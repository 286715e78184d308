"""`/api/v1/admin/contacts/{organization_id}/...`: whoever has had an appointment, or has one ahead."""

from typing import Annotated

from fastapi import Depends, Query

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data import paging
from serving.data.asking import ask
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.features.contacts.schemas import ContactsWithAppointments, ContactWithAppointments
from serving.features.visitors import visitors
from serving.openapi.responses import responses

router = data_router("/api/v1/admin/contacts/{organization_id}", "contacts")
Caller = Annotated[Member, Depends(Guard(tier="admin", role="member"))]
LISTED = (
    ContactsWithAppointments,
    ContactWithAppointments,
    "marts.contacts_with_appointments",
    "cliniko_patient_id",
)
CONTACTS = visitors(*LISTED)
ALL_CONTACTS = visitors(*LISTED, whole=True)
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
    caller: Caller,
    data: Data,
    limit: Annotated[int | None, Query(ge=1, le=1000, description="All of them without it")] = None,
    cursor: paging.Cursor = None,
) -> Reply:
    statement = CONTACTS if limit else ALL_CONTACTS
    parameters = {"limit": limit, "after": paging.decode(LIST, POSITION, cursor)}
    answer = await ask(data, caller, statement, parameters, pages_of=LIST)
    return Reply(answer, {"limit": limit, "cursor": cursor is not None})
