"""What the contacts route answers: names and types as the document shows them."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from serving.features.active_patients.schemas import RecentAppointment
from serving.openapi.fields import ANSWER, Count, Instant, NextCursor, OrganizationId, shows


class ContactWithAppointments(BaseModel):
    model_config = shows("contacts_with_appointments")

    contact_id: UUID
    name: str
    phone: str | None = Field(description="E.164 without the plus")
    email: str | None
    cliniko_patient_id: str
    recent_appointment_count: Count = Field(description="Attended in the last 45 days")
    upcoming_appointment_count: Count
    last_appointment_date: Instant | None = Field(description="The last one attended")
    recent_appointments: list[RecentAppointment] = Field(max_length=10, description="Newest first")


class ContactsWithAppointments(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2xwHiNrj68eaRUlX10anlXGvzX7",
                    "contacts_with_appointments": [
                        {
                            "contact_id": "87654321-abcd-8abc-9abc-123456789abc",
                            "name": "Jane Doe",
                            "phone": "61491570156",
                            "email": "jane@example.com",
                            "cliniko_patient_id": "12345",
                            "recent_appointment_count": 2,
                            "upcoming_appointment_count": 0,
                            "last_appointment_date": "2025-06-01T14:00:00Z",
                            "recent_appointments": [
                                {
                                    "id": "1716214309854129876",
                                    "date": "2025-06-01T14:00:00Z",
                                    "type": "Standard consultation",
                                    "practitioner": "Alex Example",
                                    "status": "attended",
                                }
                            ],
                        }
                    ],
                    "total_count": 47,
                    "next_cursor": None,
                }
            ]
        },
    )

    organization_id: OrganizationId
    contacts_with_appointments: list[ContactWithAppointments] = Field(description="The last attended first")
    total_count: Count = Field(description="Of the whole list, on all pages together")
    next_cursor: NextCursor
