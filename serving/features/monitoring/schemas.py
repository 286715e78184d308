"""What the monitoring route answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.openapi.fields import ANSWER, Count, Percent


class OverallMetrics(BaseModel):
    model_config = ANSWER

    total_organizations: Count = Field(description="Enabled ones")
    total_contacts: Count = Field(description="Every patient ever seen and not merged away")
    total_active_patients: Count = Field(description="Attended in the last 45 days")


class SyncActivity(BaseModel):
    model_config = ANSWER

    total_syncs: Count = Field(description="Runs that ended in the last 24 hours")
    successful_syncs: Count = Field(description="Runs that read everything")
    incomplete_syncs: Count = Field(
        description="Runs that count, but records were refused or a feed could not be read"
    )
    failed_syncs: Count = Field(description="Runs of which nothing counts")
    success_rate: Percent | None = Field(description="Successful of all that ended; null without any")


class HealthStatus(BaseModel):
    model_config = ANSWER

    status: Literal["healthy", "degraded", "unhealthy"] = Field(
        description="Of the last 24 hours. Healthy: no failed run, and every enabled organization has fresh "
        "data and was read whole by its last sync; unhealthy: no run that counts, whole or incomplete; "
        "degraded: anything else. 503 when the database is away"
    )
    all_systems_operational: bool = Field(description="Healthy")


class SystemHealth(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "overall_metrics": {
                        "total_organizations": 2,
                        "total_contacts": 632,
                        "total_active_patients": 47,
                    },
                    "sync_activity_24h": {
                        "total_syncs": 5,
                        "successful_syncs": 5,
                        "incomplete_syncs": 0,
                        "failed_syncs": 0,
                        "success_rate": 100,
                    },
                    "health_status": {"status": "healthy", "all_systems_operational": True},
                }
            ]
        },
    )

    overall_metrics: OverallMetrics = Field(description="Of your organization; an operator sees all")
    sync_activity_24h: SyncActivity = Field(description="Runs that ended in the last 24 hours")
    health_status: HealthStatus = Field(description="One word for all of it")
