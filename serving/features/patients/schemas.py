"""What one patient's page answers."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from serving.data.projection import Column
from serving.features.channels import Method
from serving.features.outreach.schemas import Outcome
from serving.features.reengagement.schemas import PATIENT_EXAMPLE, PrioritizedPatient
from serving.openapi.fields import ANSWER, Instant, LastUpdated, OrganizationId

MOST = 200


class Visit(BaseModel):
    model_config = ANSWER

    id: Annotated[str, Column("visit_id")] = Field(description="Cliniko's id")
    date: Annotated[Instant, Column("starts_at")] = Field(description="When it starts")
    type: Annotated[str | None, Column("appointment_type_name")] = Field(
        description="Name of the appointment type; null if Cliniko names none"
    )
    practitioner: Annotated[str | None, Column("practitioner_name")] = Field(
        description="Name of the practitioner; null if Cliniko names none"
    )
    status: Literal["attended", "missed", "booked", "cancelled"] = Field(
        description="`cancelled`; `booked`: lies ahead; `missed`: marked as such; `attended`: all others"
    )
    booked_at: Annotated[Instant, Column("created_at")] = Field(description="When it was made")
    cancelled_at: Instant | None = Field(description="When it was cancelled; null if it was not")
    is_late_cancellation: bool = Field(description="Cancelled less than 24 hours before its start")


class Outreach(BaseModel):
    model_config = ANSWER

    id: UUID = Field(description="The id of the row")
    date: Annotated[Instant, Column("occurred_at")] = Field(description="When the patient was contacted")
    method: Method
    outcome: Outcome = Field(
        description="`success`: the patient answered; `no_response`; `failed`: it did not arrive"
    )
    notes: str = Field(description="Free text of whoever did it")
    delivered_at: Instant | None = Field(description="When it was delivered, if known")
    opened_at: Instant | None = Field(description="When it was opened, if known")
    logged_at: Instant
    logged_by: str = Field(description="Clerk's id of the user")


class TreatmentNote(BaseModel):
    model_config = ANSWER

    id: Annotated[str, Column("treatment_note_id")] = Field(description="Cliniko's id")
    date: Annotated[Instant, Column("noted_at")] = Field(description="When it was written")
    practitioner: Annotated[str | None, Column("practitioner_name")] = Field(
        description="Name of the practitioner; null if Cliniko names none"
    )
    title: str | None = Field(description="Title of the note")
    note: str | None = Field(description="Plain text; null when nothing was filled in")


class PatientPage(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2abc123",
                    "patient": PATIENT_EXAMPLE,
                    "visits": [
                        {
                            "id": "1716214309854129876",
                            "date": "2025-05-14T00:00:00Z",
                            "type": "Standard consultation",
                            "practitioner": "Alex Example",
                            "status": "attended",
                            "booked_at": "2025-05-01T01:12:40Z",
                            "cancelled_at": None,
                            "is_late_cancellation": False,
                        }
                    ],
                    "outreach": [
                        {
                            "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
                            "date": "2025-06-20T02:10:00Z",
                            "method": "sms",
                            "outcome": "no_response",
                            "notes": "",
                            "delivered_at": None,
                            "opened_at": None,
                            "logged_at": "2025-06-20T02:10:00Z",
                            "logged_by": "user_2abc123",
                        }
                    ],
                    "treatment_notes": [
                        {
                            "id": "1716214309854130001",
                            "date": "2025-05-14T00:41:00Z",
                            "practitioner": "Alex Example",
                            "title": "Progress",
                            "note": "Range of motion improved.",
                        }
                    ],
                    "last_updated": "2025-06-30T12:00:00Z",
                }
            ]
        },
    )

    organization_id: OrganizationId
    patient: PrioritizedPatient = Field(description="The patient as the prioritised list shows them")
    visits: list[Visit] = Field(max_length=MOST, description="Those that were not removed, the latest first")
    outreach: list[Outreach] = Field(max_length=MOST, description="What was tried, the latest first")
    treatment_notes: list[TreatmentNote] | None = Field(
        description="Finished ones, the latest first; null unless the organization lets your role read them"
    )
    last_updated: LastUpdated
