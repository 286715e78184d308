"""How many contacts and active patients an organization has, for the sync dashboard and for system health.

The counts are an answer of the data's, kept as such; how syncs run is read at each look.
"""

import json
from dataclasses import replace
from typing import LiteralString

from pydantic import BaseModel, Field

from serving.access.caller import Member
from serving.data.answer import Answer
from serving.data.asking import ask, look
from serving.data.database import Database
from serving.data.framing import answering
from serving.http.errors import NotLoaded
from serving.openapi.fields import ANSWER, Count, Instant, Percent


class ContactMetrics(BaseModel):
    model_config = ANSWER

    total_contacts: Count = Field(description="Every patient ever seen and not merged away")
    cliniko_linked: Count = Field(description="Those that Cliniko still holds, archived ones included")
    unlinked: Count = Field(description="The rest: purged from Cliniko")
    link_percentage: Percent


class ActivePatientCounts(BaseModel):
    total_active: int
    avg_recent_appointments: float
    most_recent_appointment: Instant | None


class Counts(BaseModel):
    contact_metrics: ContactMetrics
    active_patient_metrics: ActivePatientCounts


COUNTS = answering("features/counted.sql", Counts)
# Before anything was ever built there are no marts, and so is nobody.
NOBODY = json.dumps(
    {
        "contact_metrics": {"total_contacts": 0, "cliniko_linked": 0, "unlinked": 0, "link_percentage": 0.0},
        "active_patient_metrics": {
            "total_active": 0,
            "avg_recent_appointments": 0.0,
            "most_recent_appointment": None,
        },
    }
)


async def look_at_counts(database: Database, member: Member, statement: LiteralString) -> Answer:
    """As `look`, with the counts as the parameter `counts` (json); the answer is as old as they are."""
    try:
        counts = await ask(database, member, COUNTS, {})
    except NotLoaded:
        return await look(database, member, statement, {"counts": NOBODY})
    answer = await look(database, member, statement, {"counts": counts.body})
    return replace(answer, data_as_of=counts.data_as_of, is_stale=counts.is_stale)
