"""What may be logged, and the answer to it."""

import hashlib
import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from serving.features.channels import CHANNELS, Method
from serving.openapi.fields import ANSWER, Instant

Outcome = Literal["success", "no_response", "failed"]
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def rfc_3339(value: object) -> datetime | None:
    """Pydantic alone would also take numbers, and instants without a zone."""
    if value is None:
        return None
    if isinstance(value, str) and RFC_3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise PydanticCustomError("rfc_3339", "Must be an instant as RFC 3339, with a zone")


Moment = Annotated[
    AwareDatetime | None,
    BeforeValidator(rfc_3339),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]}),
]


class OutreachAttempt(BaseModel):
    """What was tried. Nothing but these fields is taken, so that a misspelt one is not lost silently."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "patient_id": "1716214309854123456",
                    "method": "sms",
                    "outcome": "success",
                    "notes": "Patient responded positively, appointment booked",
                }
            ]
        },
    )

    patient_id: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Cliniko's id of a live patient")
    ]
    method: Method
    outcome: Outcome = Field(
        description="`success`: the patient answered; `failed`: it did not get through; else `no_response`"
    )
    notes: Annotated[
        str,
        Field(max_length=2000, pattern=r"^[^\x00]*$", description="Free text of whoever did it"),
    ] = ""
    occurred_at: Moment = Field(
        default=None,
        description="When it was done; now, if left out. Within the last two years, and not in the future",
    )
    delivered_at: Moment = Field(
        default=None,
        description="When it was reported delivered: an sms or e-mail that did not fail",
    )
    opened_at: Moment = Field(default=None, description="When it was seen to be opened: an e-mail only")

    def fingerprint(self) -> bytes:
        """Equal for equal requests, however they were spelt."""
        return hashlib.sha256(self.model_dump_json().encode()).digest()

    def contradictions(self) -> list[dict[str, object]]:
        """Delivery events that this method or outcome cannot have."""
        told_by = {"delivered_at": {"text", "mail"}, "opened_at": {"mail"}}
        tells = {
            name: {channel.method for channel in CHANNELS if channel.kind in kinds}
            for name, kinds in told_by.items()
        }
        return [
            {
                "in": "body",
                "name": name,
                "reason": "contradiction",
                "message": "Only for what did not fail, and by these methods",
                "allowed": sorted(methods),
            }
            for name, methods in tells.items()
            if getattr(self, name) is not None and (self.method not in methods or self.outcome == "failed")
        ]


class OutreachLogged(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "outreach_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
                    "logged_at": "2025-06-30T12:00:00Z",
                    "message": "Outreach logged successfully",
                }
            ]
        },
    )

    success: Literal[True] = Field(description="The request was taken")
    outreach_id: UUID = Field(description="The id of the row")
    logged_at: Instant
    message: str = Field(description="For people")
