"""What the sync routes answer."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from serving.features.counted import ContactMetrics
from serving.openapi.fields import ANSWER, Count, Instant, OrganizationId, shows


class SyncScheduled(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2xwHiNrj68eaRUlX10anlXGvzX7",
                    "sync_scheduled": True,
                    "sync_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
                    "message": "Sync started successfully",
                    "timestamp": "2025-06-09T13:10:48Z",
                }
            ]
        },
    )

    organization_id: OrganizationId
    sync_scheduled: bool = Field(description="False when one is queued or running already")
    sync_id: UUID = Field(description="The run that was queued, or the one that is under way")
    message: str = Field(description="For people")
    timestamp: Instant


class ActivePatientMetrics(BaseModel):
    model_config = ANSWER

    total_active: Count = Field(description="Attended in the last 45 days")
    avg_recent_appointments: Annotated[float, Field(ge=0, description="One decimal")]
    most_recent_appointment: Instant | None = Field(description="The latest attended by an active patient")
    last_sync: Instant | None = Field(description="End of the last sync that counts, whole or incomplete")


class ServiceStatus(BaseModel):
    model_config = ANSWER

    cliniko_configured: bool = Field(description="A Cliniko key is stored")
    sync_enabled: bool = Field(description="Synced on schedule")
    is_active: bool = Field(description="The organization is enabled")


class HealthIndicators(BaseModel):
    model_config = ANSWER

    has_contacts: bool = Field(description="At least one contact")
    has_active_patients: bool = Field(description="At least one active patient")
    recent_sync: bool = Field(description="A sync that counts in the last 24 hours, whole or incomplete")
    high_link_rate: bool = Field(description="At least 90 percent of the contacts are linked")
    complete_sync: bool = Field(
        description="The last sync that counts has read everything; else see `incomplete_feeds`"
    )


class OddField(BaseModel):
    model_config = ANSWER

    field: str | None = Field(description="Null where it is the record as a whole")
    reason: str = Field(description="What is odd about it; never its content")
    effect: Literal["refused", "blanked"] = Field(
        description="`refused`: the record was not taken; `blanked`: it was taken without this field"
    )
    records: Count = Field(description="Records of the feed to which this happened, and which stand so")


ReadStatus = Literal["running", "succeeded", "failed", "forbidden", "unavailable"]


class FeedState(BaseModel):
    model_config = shows("sync_health")

    feed: str
    status: ReadStatus
    started_at: Instant
    finished_at: Instant | None
    data_as_of: Instant | None
    data_age_seconds: Count | None
    rows_read: Count
    rows_new: Count
    rows_changed: Count
    rows_removed: Count
    rows_quarantined: Count
    rows_blanked: Count
    requests: Count
    rate_limit_waits: Count
    quarantined_open: Count
    blanked_open: Count
    error_code: str | None
    error_detail: str | None
    note: str | None


class IncompleteFeed(BaseModel):
    model_config = ANSWER

    feed: str = Field(description="Name of the feed, as in Cliniko's paths")
    status: ReadStatus | None = Field(
        description="`succeeded`: it was read, but for what `fields` says; `forbidden`: the key's user may "
        "not read it; `unavailable`: it could not be read; null: the last sync did not ask for it"
    )
    last_read_at: Instant | None = Field(description="End of the last sync that read it; null if none did")
    error_code: str | None = Field(description="Why it was not read, in one word")
    error_detail: str | None = Field(description="Why it was not read, for people")
    note: str | None = Field(description="What was done otherwise than usual, such as a filter left out")
    refused: Count = Field(description="Records that were not taken and wait")
    blanked: Count = Field(description="Fields without which records were taken")
    fields: list[OddField] = Field(description="The same by field and reason, refused ones first")


class SyncRun(BaseModel):
    model_config = ANSWER

    sync_id: UUID = Field(description="The run")
    kind: Literal["sync", "sweep"] = Field(description="A sweep also finds what is gone")
    status: Literal["queued", "running", "succeeded", "incomplete", "failed"] = Field(
        description="`queued`, `running`, `succeeded`: everything was read; `incomplete`: what was read "
        "counts, but records were refused or a feed could not be read; `failed`: nothing of it counts"
    )
    requested_by: str = Field(description="A user, or the schedule")
    requested_at: Instant
    started_at: Instant | None = Field(description="When it began; null while it is queued")
    finished_at: Instant | None = Field(description="When it ended; null until then")
    error_code: str | None = Field(description="Why it failed, in one word; null if it did not")
    rows_read: Count = Field(description="Rows that Cliniko showed")
    rows_new: Count = Field(description="Rows never seen before")
    rows_changed: Count = Field(description="Rows that differ from what was known")
    rows_removed: Count = Field(description="Rows that are gone")
    rows_quarantined: Count = Field(description="Rows that could not be taken")
    rows_blanked: Count = Field(description="Rows that were taken without a field that did not fit")
    requests: Count = Field(description="Asked of Cliniko")


class SyncDashboard(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2xwHiNrj68eaRUlX10anlXGvzX7",
                    "contact_metrics": {
                        "total_contacts": 632,
                        "cliniko_linked": 626,
                        "unlinked": 6,
                        "link_percentage": 99.1,
                    },
                    "active_patient_metrics": {
                        "total_active": 47,
                        "avg_recent_appointments": 2.4,
                        "most_recent_appointment": "2025-06-08T15:30:00Z",
                        "last_sync": "2025-06-09T13:00:00Z",
                    },
                    "service_status": {
                        "cliniko_configured": True,
                        "sync_enabled": True,
                        "is_active": True,
                    },
                    "health_indicators": {
                        "has_contacts": True,
                        "has_active_patients": True,
                        "recent_sync": True,
                        "high_link_rate": True,
                        "complete_sync": False,
                    },
                    "incomplete_feeds": [
                        {
                            "feed": "patients",
                            "status": "succeeded",
                            "last_read_at": "2025-06-09T13:00:00Z",
                            "error_code": None,
                            "error_detail": None,
                            "note": None,
                            "refused": 2,
                            "blanked": 0,
                            "fields": [
                                {
                                    "field": "archived_at",
                                    "reason": "not an instant",
                                    "effect": "refused",
                                    "records": 2,
                                }
                            ],
                        }
                    ],
                    "feeds": [
                        {
                            "feed": "patients",
                            "status": "succeeded",
                            "started_at": "2025-06-09T12:58:01Z",
                            "finished_at": "2025-06-09T12:58:09Z",
                            "data_as_of": "2025-06-09T13:00:00Z",
                            "data_age_seconds": 648,
                            "rows_read": 41,
                            "rows_new": 3,
                            "rows_changed": 6,
                            "rows_removed": 0,
                            "rows_quarantined": 2,
                            "rows_blanked": 0,
                            "requests": 4,
                            "rate_limit_waits": 0,
                            "quarantined_open": 2,
                            "blanked_open": 0,
                            "error_code": None,
                            "error_detail": None,
                            "note": None,
                        }
                    ],
                    "sync_history": [
                        {
                            "sync_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
                            "kind": "sync",
                            "status": "incomplete",
                            "requested_by": "schedule",
                            "requested_at": "2025-06-09T12:58:00Z",
                            "started_at": "2025-06-09T12:58:01Z",
                            "finished_at": "2025-06-09T13:00:00Z",
                            "error_code": None,
                            "rows_read": 148,
                            "rows_new": 9,
                            "rows_changed": 21,
                            "rows_removed": 0,
                            "rows_quarantined": 2,
                            "rows_blanked": 0,
                            "requests": 17,
                        }
                    ],
                }
            ]
        },
    )

    organization_id: OrganizationId
    contact_metrics: ContactMetrics = Field(
        description="Every patient ever seen, and whether Cliniko still holds them"
    )
    active_patient_metrics: ActivePatientMetrics = Field(
        description="Patients with an attended visit in the last 45 days"
    )
    service_status: ServiceStatus = Field(description="How the organization is set up")
    health_indicators: HealthIndicators = Field(description="What to look at first")
    incomplete_feeds: list[IncompleteFeed] = Field(
        description="Feeds of which something is missing. A few odd fields make no sync incomplete, but are "
        "listed here"
    )
    feeds: list[FeedState] = Field(
        description="Every feed that was ever read, by its last run; empty before the first build"
    )
    sync_history: list[SyncRun] = Field(max_length=10, description="The last 10 runs, the newest first")
