"""What the trends route answers: names and types as the document shows them, and what `metrics` adds."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.data.projection import Column
from serving.features.channels import EachChannel, Method
from serving.features.reengagement.schemas import RiskSummary
from serving.openapi.fields import ANSWER, Count, LastUpdated, OrganizationId, Percent

Period = Literal["7d", "30d", "90d", "6m", "1y"]
Metric = Literal["risk_levels", "success_rates", "channel_performance"]
CountTrend = Literal["increasing", "decreasing", "stable"]


class DayOfChannel(BaseModel):
    model_config = ANSWER

    attempts: Count = Field(description="Rows logged")
    successes: Count = Field(description="Those that the patient answered")


DayOfChannels = Annotated[dict[Method, DayOfChannel], EachChannel("DayOfChannels", lambda _: DayOfChannel)]


class Day(BaseModel):
    """Each day asks the catalogue's rules at its end; today, now."""

    model_config = ANSWER

    date: Annotated[dt.date, Column("day")] = Field(description="A local day of the clinic")
    new_at_risk: Count = Field(description="High or critical at the day's end, and not the day before")
    reengaged_successfully: Count = Field(description="30 days away or more, nothing booked, and in contact")
    outreach_attempts: Count = Field(description="Patients tried")
    appointments_scheduled: Count = Field(description="Bookings that followed an answered attempt")
    risk_distribution: RiskSummary | None = Field(default=None, description="With `risk_levels`")
    contact_success_rate: Percent | None = Field(default=None, description="With `success_rates`")
    conversion_rate: Percent | None = Field(default=None, description="With `success_rates`")
    channels: DayOfChannels | None = Field(default=None, description="With `channel_performance`")


class ChannelTrend(BaseModel):
    model_config = ANSWER

    success_rate_trend: Literal["improving", "declining", "stable"] = Field(
        description="More than five points up or down; `stable` too when either period is empty"
    )
    change_pct: Annotated[
        float,
        Column("change_points"),
        Field(ge=-100, le=100, description="Points against the period before"),
    ]


ChannelTrends = Annotated[dict[Method, ChannelTrend], EachChannel("ChannelTrends", lambda _: ChannelTrend)]


class RiskDistributionChanges(BaseModel):
    model_config = ANSWER

    critical_trend: CountTrend = Field(description="Over 5 % against the end of the day before")
    high_trend: CountTrend = Field(description="As `critical_trend`, of level `high`")
    overall_improvement: Annotated[bool, Column("is_improvement")] = Field(
        description="Critical and high are a smaller share than then"
    )


class Trends(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2abc123",
                    "period": "30d",
                    "daily_trends": [
                        {
                            "date": "2025-06-01",
                            "new_at_risk": 3,
                            "reengaged_successfully": 7,
                            "outreach_attempts": 15,
                            "appointments_scheduled": 5,
                        }
                    ],
                    "channel_performance_trends": {
                        "sms": {"success_rate_trend": "improving", "change_pct": 12.3},
                        "email": {"success_rate_trend": "stable", "change_pct": -2.1},
                        "phone": {"success_rate_trend": "improving", "change_pct": 5.4},
                    },
                    "risk_distribution_changes": {
                        "critical_trend": "decreasing",
                        "high_trend": "stable",
                        "overall_improvement": True,
                    },
                    "current_risk_distribution": {
                        "critical": 12,
                        "high": 8,
                        "medium": 15,
                        "low": 23,
                        "engaged": 45,
                    },
                    "last_updated": "2025-06-30T12:00:00Z",
                }
            ]
        },
    )

    organization_id: OrganizationId
    period: Period = Field(description="The period asked for")
    daily_trends: list[Day] = Field(description="One a day of the period, today last; quiet days are zeros")
    channel_performance_trends: ChannelTrends = Field(
        description="Each channel's rate of success against the period before"
    )
    risk_distribution_changes: RiskDistributionChanges = Field(
        description="Each level now against the end of the day before the period"
    )
    current_risk_distribution: RiskSummary = Field(description="Patients at each level now")
    last_updated: LastUpdated
