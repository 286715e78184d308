"""What the active-patient routes answer: names and types as the document shows them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from serving.openapi.fields import ANSWER, Count, Instant, NextCursor, OrganizationId, shows

Average = Annotated[float, Field(ge=0, description="One decimal")]


class RecentAppointment(BaseModel):
    model_config = ANSWER

    id: str = Field(description="Cliniko's id")
    date: Instant
    type: str | None = Field(description="Name of the appointment type; null if Cliniko names none")
    practitioner: str | None = Field(description="Name of the practitioner; null if Cliniko names none")
    status: str = Field(description="`attended`")


class ActivePatient(BaseModel):
    model_config = shows("active_patients")

    id: Annotated[int, Field(ge=0, lt=2**53, description="Stable, and safe in JavaScript")]
    contact_id: UUID
    contact_name: str
    contact_phone: str | None = Field(description="E.164 without the plus")
    recent_appointment_count: Count = Field(description="Attended in the last 45 days")
    upcoming_appointment_count: Count
    total_appointment_count: Count = Field(description="Attended, missed and booked")
    last_appointment_date: Instant | None
    recent_appointments: list[RecentAppointment] = Field(max_length=10, description="Newest first")
    created_at: Instant
    updated_at: Instant


class ActivePatients(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2xwHiNrj68eaRUlX10anlXGvzX7",
                    "active_patients": [
                        {
                            "id": 2381964519083731,
                            "contact_id": "87654321-abcd-8abc-9abc-123456789abc",
                            "contact_name": "John Smith",
                            "contact_phone": "61491570006",
                            "recent_appointment_count": 3,
                            "upcoming_appointment_count": 1,
                            "total_appointment_count": 15,
                            "last_appointment_date": "2025-06-05T10:30:00Z",
                            "recent_appointments": [
                                {
                                    "id": "1716214309854129876",
                                    "date": "2025-06-05T10:30:00Z",
                                    "type": "Standard consultation",
                                    "practitioner": "Alex Example",
                                    "status": "attended",
                                }
                            ],
                            "created_at": "2025-06-09T13:00:00Z",
                            "updated_at": "2025-06-09T13:00:00Z",
                        }
                    ],
                    "total_count": 47,
                    "next_cursor": None,
                }
            ]
        },
    )

    organization_id: OrganizationId
    active_patients: list[ActivePatient] = Field(description="The last attended first")
    total_count: Count = Field(description="Of the whole list, on all pages together")
    next_cursor: NextCursor


class ActivePatientsSummary(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2xwHiNrj68eaRUlX10anlXGvzX7",
                    "total_active_patients": 47,
                    "patients_with_recent_appointments": 47,
                    "patients_with_upcoming_appointments": 12,
                    "last_sync_date": "2025-06-09T13:00:00Z",
                    "avg_recent_appointments": 2.4,
                    "avg_total_appointments": 8.7,
                }
            ]
        },
    )

    organization_id: OrganizationId
    total_active_patients: Count = Field(description="Patients with an attended visit in the last 45 days")
    patients_with_recent_appointments: Count = Field(
        description="Active patients who attended in the last 45 days: all of them"
    )
    patients_with_upcoming_appointments: Count = Field(description="Active patients with something booked")
    last_sync_date: Instant | None = Field(description="End of the last successful sync")
    avg_recent_appointments: Average
    avg_total_appointments: Average
