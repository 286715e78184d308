"""What the re-engagement routes answer: names and types as the document shows them, and a few more."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from serving.data.projection import Column
from serving.openapi.fields import (
    ANSWER,
    Count,
    Instant,
    LastUpdated,
    Money,
    NextCursor,
    OrganizationId,
    Percent,
    shows,
)

RiskLevel = Literal["critical", "high", "medium", "low", "engaged"]
RiskFilter = Literal["critical", "high", "medium", "low", "engaged", "all"]
EngagementStatus = Literal["active", "dormant", "stale"]
Priority = Annotated[int, Field(ge=1, le=4, description="1 is the most urgent")]


def answer(example: JsonDict) -> ConfigDict:
    return ConfigDict(**ANSWER, json_schema_extra={"examples": [example]})


class RiskSummary(BaseModel):
    model_config = ANSWER

    critical: Count = Field(description="45 or more days without contact, nothing booked")
    high: Count = Field(description="30-44 days, nothing booked")
    medium: Count = Field(description="14-29 days, nothing booked")
    low: Count = Field(description="7-13 days, or a booking ahead")
    engaged: Count = Field(description="Contact in the last 7 days")


class Alerts(BaseModel):
    model_config = ANSWER

    missed_appointments_14d: Count = Field(description="Visits missed in the last 14 days")
    failed_communications: Count = Field(description="Outreach that failed in the last 14 days")
    no_future_appointments: Count = Field(description="Came in the last 30 days and have nothing booked")


class RiskMetrics(BaseModel):
    model_config = answer(
        {
            "organization_id": "org_2abc123",
            "risk_summary": {"critical": 12, "high": 8, "medium": 15, "low": 23, "engaged": 45},
            "alerts": {
                "missed_appointments_14d": 7,
                "failed_communications": 3,
                "no_future_appointments": 18,
            },
            "immediate_actions_required": 15,
            "stale_patients": 529,
            "last_updated": "2025-06-30T08:00:00Z",
        }
    )

    organization_id: OrganizationId
    risk_summary: RiskSummary = Field(description="Patients at each level; the stale are counted apart")
    alerts: Alerts = Field(description="What needs attention, over all patients at risk")
    immediate_actions_required: Count = Field(description="Patients of priority 1")
    stale_patients: Count = Field(description="Left long ago: in no level, counted apart")
    last_updated: LastUpdated


PATIENT_EXAMPLE: JsonDict = {
    "id": "1716214309854123456",
    "name": "John Smith",
    "phone": "+61491570006",
    "email": "john.smith@example.com",
    "engagement_status": "dormant",
    "risk_level": "critical",
    "risk_score": 85,
    "risk_reasons": ["days_since_contact", "nothing_booked", "missed_repeatedly"],
    "days_since_last_contact": 47,
    "last_contact_at": "2025-05-14T00:00:00Z",
    "last_appointment_date": "2025-05-14T00:00:00Z",
    "next_scheduled_appointment": None,
    "upcoming_appointment_count": 0,
    "recommended_action": "DORMANT: Re-engagement campaign needed",
    "action_priority": 1,
    "previous_response_rate": 78.5,
    "total_lifetime_appointments": 12,
    "missed_appointments_last_90d": 2,
    "attendance_rate_90d": 71.4,
    "lifetime_value": "1140.00",
}


class PrioritizedPatient(BaseModel):
    model_config = shows("patient_reengagement_master_view")

    id: Annotated[str, Column("patient_id")] = Field(description="Cliniko's patient id")
    name: Annotated[str, Column("patient_name")]
    phone: str | None = Field(description="E.164")
    email: str | None
    engagement_status: EngagementStatus
    risk_level: RiskLevel | None = Field(description="Null only when stale")
    risk_score: Annotated[int, Field(ge=0, le=100)] | None = Field(description="Null only when stale")
    risk_reasons: list[str] = Field(description="What drove it")
    days_since_last_contact: Count
    last_contact_at: Instant
    last_appointment_date: Instant | None = Field(description="The last one attended")
    next_scheduled_appointment: Instant | None
    upcoming_appointment_count: Count
    recommended_action: str
    action_priority: Priority
    previous_response_rate: Percent | None
    total_lifetime_appointments: Count
    missed_appointments_last_90d: Count
    attendance_rate_90d: Percent | None
    lifetime_value: Money | None = Field(description="Invoiced in all; null where invoices may not be read")


class FiltersApplied(BaseModel):
    model_config = shows("patient_reengagement_master_view")

    risk_level: RiskFilter
    limit: Annotated[int, Field(ge=1, le=200, description="The most that a page holds")]
    action_priority: Priority | None = Field(
        default=None, description="Only this priority; absent if not asked for"
    )
    engagement_status: EngagementStatus | None = None
    search: str | None = Field(default=None, description="Only who matches; absent if not asked for")


class PrioritizedSummary(BaseModel):
    model_config = ANSWER

    total_returned: Count = Field(description="Patients on this page")
    total_matching: Count = Field(description="On all pages together")
    filters_applied: Annotated[FiltersApplied, Column("filters_applied")] = Field(
        description="The filters that were asked for"
    )


class PrioritizedPatients(BaseModel):
    model_config = answer(
        {
            "patients": [PATIENT_EXAMPLE],
            "summary": {
                "total_returned": 1,
                "total_matching": 12,
                "filters_applied": {"risk_level": "critical", "limit": 1},
            },
            "next_cursor": "WyJwcmlvcml0aXplZCIsIjEiLCItODUiLCItMTE0MC4wMCIsIjE3MTYyMTQzMDk4NTQxMjM0NTYiXQ",
            "timestamp": "2025-06-30T12:00:00Z",
        }
    )

    patients: list[PrioritizedPatient] = Field(description="In the order in which to call them")
    summary: PrioritizedSummary = Field(description="The numbers of this answer")
    next_cursor: NextCursor
    timestamp: Annotated[Instant, Column(None)] = Field(description="The instant asked about")


class LevelSummary(BaseModel):
    model_config = ANSWER

    count: Count = Field(description="Patients at this level")
    avg_score: Annotated[float, Field(ge=0, le=100, description="Mean, one decimal; 0.0 for nobody")]


class RiskBreakdown(BaseModel):
    model_config = ANSWER

    critical: LevelSummary = Field(description="45 days or more without contact")
    high: LevelSummary = Field(description="30 to 44 days")
    medium: LevelSummary = Field(description="14 to 29 days")
    low: LevelSummary = Field(description="7 to 13 days, or something booked")
    engaged: LevelSummary = Field(description="Less than 7 days")


class DashboardSummary(BaseModel):
    model_config = ANSWER

    total_patients: Count = Field(description="The risk population: all five levels together")
    risk_breakdown: Annotated[RiskBreakdown, Column("risk_breakdown")] = Field(
        description="Patients at each level and their mean score"
    )
    immediate_actions_needed: Count = Field(description="Patients of priority 1")
    stale_patients: Count = Field(description="Left long ago: in no level, counted apart")


class TopPriorityPatient(BaseModel):
    model_config = shows("patient_reengagement_master_view")

    id: Annotated[str, Column("patient_id")] = Field(description="Cliniko's patient id")
    name: Annotated[str, Column("patient_name")]
    risk_level: RiskLevel
    risk_score: Annotated[int, Field(ge=0, le=100)]
    action: Annotated[str, Column("recommended_action")] = Field(description="What is recommended")
    days_since_contact: Annotated[Count, Column("days_since_last_contact")]


class Dashboard(BaseModel):
    model_config = answer(
        {
            "organization_id": "org_2abc123",
            "summary": {
                "total_patients": 103,
                "risk_breakdown": {
                    "critical": {"count": 12, "avg_score": 83.5},
                    "high": {"count": 8, "avg_score": 72.1},
                    "medium": {"count": 15, "avg_score": 58.3},
                    "low": {"count": 23, "avg_score": 42.7},
                    "engaged": {"count": 45, "avg_score": 15.2},
                },
                "immediate_actions_needed": 15,
                "stale_patients": 529,
            },
            "top_priority_patients": [
                {
                    "id": "1716214309854123457",
                    "name": "Jane Doe",
                    "risk_level": "critical",
                    "risk_score": 89,
                    "action": "DORMANT: Re-engagement campaign needed",
                    "days_since_contact": 52,
                }
            ],
            "last_updated": "2025-06-30T12:00:00Z",
        }
    )

    organization_id: OrganizationId
    summary: DashboardSummary = Field(description="The numbers of this answer")
    top_priority_patients: list[TopPriorityPatient] = Field(max_length=10, description="Most urgent first")
    last_updated: LastUpdated
