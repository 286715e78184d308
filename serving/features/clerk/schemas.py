"""What the Clerk routes take and answer."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from serving.openapi.fields import ANSWER, Count, Instant

EXAMPLE_ORGANIZATION = "org_2xwHiNrj68eaRUlX10anlXGvzX7"
EXAMPLE_SYNC = "0f8fad5b-d9cb-469f-a165-70867728950e"


class ClerkSyncOrder(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"organization_id": EXAMPLE_ORGANIZATION}]}
    )

    organization_id: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description="The organization of your session token; any other is refused with 403",
        ),
    ]


class ClerkSyncStarted(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "success": True,
                    "message": "Clerk sync started",
                    "sync_id": EXAMPLE_SYNC,
                    "estimated_duration": "5 seconds",
                }
            ]
        },
    )

    success: Literal[True] = Field(description="The request was taken")
    message: str = Field(description="For people")
    sync_id: UUID = Field(description="The sync that was started, or the one that is under way")
    estimated_duration: str = Field(description="As long as the last one took")


class DatabaseCounts(BaseModel):
    model_config = ANSWER

    users: Count = Field(description="Mirrored from Clerk; a person counts once in each organization")
    organizations: Count = Field(description="1 once the organization is mirrored")
    organization_members: Count = Field(description="Memberships mirrored from Clerk")


FailureCode = Literal[
    "abandoned",
    "stopped",
    "timed_out",
    "not_stored",
    "broken",
    "key_refused",
    "organization_unknown",
    "rate_limited",
    "clerk_failed",
    "clerk_unreachable",
    "unexpected_answer",
    "changed_while_read",
]


class LastAttempt(BaseModel):
    model_config = ANSWER

    sync_id: UUID = Field(description="The run")
    status: Literal["running", "succeeded", "failed"] = Field(
        description="`running`, `succeeded` or `failed`"
    )
    error_code: FailureCode | None = Field(
        description="Why it failed; `abandoned`: the process that ran it is gone"
    )
    started_at: Instant
    finished_at: Instant | None = Field(description="When it ended; null until then")


class ClerkStatus(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "clerk_api_connected": True,
                    "database_counts": {"users": 7, "organizations": 1, "organization_members": 7},
                    "last_sync": "2025-06-09T13:00:00Z",
                    "last_attempt": {
                        "sync_id": EXAMPLE_SYNC,
                        "status": "succeeded",
                        "error_code": None,
                        "started_at": "2025-06-09T12:59:57Z",
                        "finished_at": "2025-06-09T13:00:00Z",
                    },
                    "sync_in_progress": False,
                }
            ]
        },
    )

    clerk_api_connected: bool = Field(
        description="Clerk takes our key at this moment; false, too, when no key is configured"
    )
    database_counts: DatabaseCounts = Field(description="Rows mirrored from Clerk")
    last_sync: Instant | None = Field(description="End of the last successful sync with Clerk")
    last_attempt: LastAttempt | None = Field(
        description="The last sync with Clerk, however it went; null if there was none"
    )
    sync_in_progress: bool = Field(description="A sync with Clerk is running")


class UserCounts(BaseModel):
    model_config = ANSWER

    total_users: Count = Field(description="Different people")
    users_last_7_days: Count = Field(description="Made in the last 7 days")
    users_with_login: Count = Field(description="Have ever signed in")


class OrganizationCounts(BaseModel):
    model_config = ANSWER

    total_organizations: Count = Field(description="Organizations known here")
    orgs_last_7_days: Count = Field(description="Added here in the last 7 days")
    active_organizations: Count = Field(description="Enabled here")


class MembershipCounts(BaseModel):
    model_config = ANSWER

    total_memberships: Count = Field(description="Memberships mirrored from Clerk")
    active_memberships: Count = Field(description="Of people who are not banned")
    orgs_with_members: Count = Field(description="Organizations with at least one membership")
    users_with_orgs: Count = Field(description="Different people with a membership")


class RoleCount(BaseModel):
    model_config = ANSWER

    role: str = Field(description="As Clerk spells it")
    count: Count = Field(description="Memberships with this role")


class DatabaseSummary(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "users": {"total_users": 7, "users_last_7_days": 1, "users_with_login": 6},
                    "organizations": {
                        "total_organizations": 1,
                        "orgs_last_7_days": 0,
                        "active_organizations": 1,
                    },
                    "memberships": {
                        "total_memberships": 7,
                        "active_memberships": 7,
                        "orgs_with_members": 1,
                        "users_with_orgs": 7,
                    },
                    "role_distribution": [
                        {"role": "org:member", "count": 5},
                        {"role": "org:admin", "count": 2},
                    ],
                }
            ]
        },
    )

    users: UserCounts = Field(description="People")
    organizations: OrganizationCounts = Field(description="Clinics")
    memberships: MembershipCounts = Field(description="Who belongs where")
    role_distribution: list[RoleCount] = Field(description="The most held first")
