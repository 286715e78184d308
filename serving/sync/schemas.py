"""What the sync routes answer."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from serving.fields import ANSWER, Instant


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

    organization_id: str
    sync_scheduled: bool = Field(description="False when one is queued or running already")
    sync_id: UUID = Field(description="The run that was queued, or the one that is under way")
    message: str
    timestamp: Instant
