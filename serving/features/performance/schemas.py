"""What the performance route answers: names and types as the document shows them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.features.channels import EachChannel, Method
from serving.openapi.fields import ANSWER, Count, LastUpdated, OrganizationId, Percent, shows

Timeframe = Literal["last_7_days", "last_30_days", "last_90_days"]


class ReengagementMetrics(BaseModel):
    model_config = shows("reengagement_performance_view")

    outreach_attempts: Count = Field(description="Patients tried, each once a day")
    successful_contacts: Count = Field(description="Those attempts that the patient answered")
    contact_success_rate: Percent
    appointments_scheduled: Count = Field(description="Successful attempts that a booking is credited to")
    conversion_rate: Percent = Field(description="Of the successful attempts, percent with one decimal")
    avg_days_to_reengage: Annotated[float, Field(ge=0)] | None = Field(
        description="From the first attempt since the last contact to the booking; null without any"
    )


class SmsChannel(BaseModel):
    model_config = ANSWER

    sent: Count = Field(description="Rows")
    delivered: Count = Field(description="Did not fail")
    responded: Count = Field(description="Rows that the patient answered")
    response_rate: Percent = Field(description="Responded of delivered")


class EmailChannel(BaseModel):
    model_config = ANSWER

    sent: Count = Field(description="Rows")
    opened: Count = Field(description="Seen to be opened, or answered; where none is tracked, did not fail")
    opened_tracked: bool = Field(description="False when no opening was reported in this time")
    responded: Count = Field(description="Rows that the patient answered")
    response_rate: Percent = Field(description="Responded of opened")


class PhoneChannel(BaseModel):
    model_config = ANSWER

    attempted: Count = Field(description="Rows")
    connected: Count = Field(description="Rows that the patient answered")
    appointment_booked: Count = Field(description="Calls that a booking is credited to")
    conversion_rate: Percent = Field(description="Booked of connected")


OF_KIND: dict[str, type[BaseModel]] = {"text": SmsChannel, "mail": EmailChannel, "call": PhoneChannel}
CommunicationChannels = Annotated[
    dict[Method, SmsChannel | EmailChannel | PhoneChannel],
    EachChannel(
        "CommunicationChannels",
        lambda channel: OF_KIND[channel.kind],
        "Exactly these: the front end lists whatever is in here.",
    ),
]


class BenchmarkComparison(BaseModel):
    model_config = shows("reengagement_performance_view")

    industry_avg_contact_rate: Percent
    industry_avg_conversion: Percent
    our_performance: Literal["above_average", "at_average", "below_average", "insufficient_data"]


class Performance(BaseModel):
    model_config = ConfigDict(
        **ANSWER,
        json_schema_extra={
            "examples": [
                {
                    "organization_id": "org_2abc123",
                    "timeframe": "last_30_days",
                    "reengagement_metrics": {
                        "outreach_attempts": 145,
                        "successful_contacts": 89,
                        "contact_success_rate": 61.4,
                        "appointments_scheduled": 67,
                        "conversion_rate": 75.3,
                        "avg_days_to_reengage": 8.5,
                    },
                    "communication_channels": {
                        "sms": {"sent": 95, "delivered": 87, "responded": 52, "response_rate": 59.8},
                        "email": {
                            "sent": 78,
                            "opened": 45,
                            "opened_tracked": True,
                            "responded": 23,
                            "response_rate": 51.1,
                        },
                        "phone": {
                            "attempted": 34,
                            "connected": 28,
                            "appointment_booked": 21,
                            "conversion_rate": 75.0,
                        },
                    },
                    "benchmark_comparison": {
                        "industry_avg_contact_rate": 55.0,
                        "industry_avg_conversion": 68.0,
                        "our_performance": "above_average",
                    },
                    "last_updated": "2025-06-30T12:00:00Z",
                }
            ]
        },
    )

    organization_id: OrganizationId
    timeframe: Timeframe = Field(description="The timeframe asked for")
    reengagement_metrics: ReengagementMetrics = Field(
        description="Counts of patient-days: several tries on one day are one attempt"
    )
    communication_channels: CommunicationChannels = Field(description="Counts of outreach rows, by channel")
    benchmark_comparison: BenchmarkComparison = Field(description="Against the industry's averages")
    last_updated: LastUpdated
