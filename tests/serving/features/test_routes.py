"""Each data route: without a token 401, for another organization 403, and the exact body for its own."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from serving.features.channels import METHODS
from serving.features.reengagement.schemas import PATIENT_EXAMPLE
from tests.serving import marts
from tests.serving.checks import PROBLEM_KEYS, audit_rows
from tests.serving.conftest import Api
from tests.serving.routes import (
    ACTIVE,
    CONTACTS,
    DASHBOARD,
    DATA_ROUTES,
    LIST,
    LOG,
    NAMING,
    PATIENT,
    PERFORMANCE,
    RISK,
    SUMMARY,
    SYNC,
    TRENDS,
)
from warehouse.settings import Settings

RISK_BODY = {
    "organization_id": "org_a",
    "risk_summary": {"critical": 1, "high": 0, "medium": 0, "low": 0, "engaged": 0},
    "alerts": {"missed_appointments_14d": 0, "failed_communications": 0, "no_future_appointments": 0},
    "immediate_actions_required": 1,
    "stale_patients": 0,
    "last_updated": "2025-06-30T09:36:00Z",
}
LIST_BODY: dict[str, Any] = {
    "patients": [
        PATIENT_EXAMPLE
        | {
            "id": "101",
            "name": "Pat org_a 101",
            "phone": "+61491570006",
            "email": "p101.org_a@example.com",
            "engagement_status": "dormant",
            "risk_level": "critical",
            "risk_score": 85,
            "risk_reasons": ["days_since_contact", "nothing_booked"],
            "days_since_last_contact": 47,
            "last_contact_at": "2025-05-14T12:00:00Z",
            "last_appointment_date": "2025-05-14T12:00:00Z",
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
    ],
    "summary": {
        "total_returned": 1,
        "total_matching": 1,
        "filters_applied": {"risk_level": "all", "limit": 50},
    },
    "next_cursor": None,
    "timestamp": "2025-06-30T12:00:00Z",
}
ACTIVE_BODY: dict[str, Any] = {
    "organization_id": "org_a",
    "active_patients": [
        {
            "id": 101,
            "contact_id": "00000000-0000-8000-8000-000000000065",
            "contact_name": "Pat org_a 101",
            "contact_phone": "61491570006",
            "recent_appointment_count": 3,
            "upcoming_appointment_count": 1,
            "total_appointment_count": 15,
            "last_appointment_date": "2025-06-25T12:00:00Z",
            "recent_appointments": [
                {
                    "id": "9007199254740993123",
                    "date": "2025-06-25T12:00:00Z",
                    "type": "Standard consultation",
                    "practitioner": "Alex Example",
                    "status": "attended",
                }
            ],
            "created_at": "2024-05-26T12:00:00Z",
            "updated_at": "2025-06-26T12:00:00Z",
        }
    ],
    "total_count": 1,
    "next_cursor": None,
}
SUMMARY_BODY = {
    "organization_id": "org_a",
    "total_active_patients": 1,
    "patients_with_recent_appointments": 1,
    "patients_with_upcoming_appointments": 1,
    "last_sync_date": None,
    "avg_recent_appointments": 3.0,
    "avg_total_appointments": 15.0,
}
CONTACTS_BODY = {
    "organization_id": "org_a",
    "contacts_with_appointments": [
        {
            "contact_id": "00000000-0000-8000-8000-000000000065",
            "name": "Pat org_a 101",
            "phone": "61491570006",
            "email": "p101.org_a@example.com",
            "cliniko_patient_id": "101",
            "recent_appointment_count": 3,
            "upcoming_appointment_count": 1,
            "last_appointment_date": "2025-06-25T12:00:00Z",
            "recent_appointments": ACTIVE_BODY["active_patients"][0]["recent_appointments"],
        }
    ],
    "total_count": 1,
    "next_cursor": None,
}
NOBODY = {"count": 0, "avg_score": 0.0}
DASHBOARD_BODY = {
    "organization_id": "org_a",
    "summary": {
        "total_patients": 1,
        "risk_breakdown": {
            "critical": {"count": 1, "avg_score": 85.0},
            **dict.fromkeys(("high", "medium", "low", "engaged"), NOBODY),
        },
        "immediate_actions_needed": 1,
        "stale_patients": 0,
    },
    "top_priority_patients": [
        {
            "id": "101",
            "name": "Pat org_a 101",
            "risk_level": "critical",
            "risk_score": 85,
            "action": "DORMANT: Re-engagement campaign needed",
            "days_since_contact": 47,
        }
    ],
    "last_updated": "2025-06-30T09:36:00Z",
}
PATIENT_BODY = {
    "organization_id": "org_a",
    "patient": LIST_BODY["patients"][0],
    "visits": [],
    "outreach": [],
    "treatment_notes": None,
    "last_updated": "2025-06-30T09:36:00Z",
}
PERFORMANCE_BODY = {
    "organization_id": "org_a",
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
        "phone": {"attempted": 34, "connected": 28, "appointment_booked": 21, "conversion_rate": 75.0},
    },
    "benchmark_comparison": {
        "industry_avg_contact_rate": 55.0,
        "industry_avg_conversion": 68.0,
        "our_performance": "above_average",
    },
    "last_updated": "2025-06-30T09:36:00Z",
}
QUIET = {"success_rate_trend": "stable", "change_pct": 0.0}
ONE_CRITICAL = RISK_BODY["risk_summary"]
TRENDS_BODY = {
    "organization_id": "org_a",
    "period": "30d",
    "daily_trends": [
        {
            "date": (marts.TODAY - timedelta(days=ago)).isoformat(),
            "new_at_risk": 0 if ago else 1,
            "reengaged_successfully": 0,
            "outreach_attempts": 0,
            "appointments_scheduled": 0,
        }
        for ago in range(29, -1, -1)
    ],
    "channel_performance_trends": dict.fromkeys(METHODS, QUIET),
    "risk_distribution_changes": {
        "critical_trend": "increasing",
        "high_trend": "stable",
        "overall_improvement": False,
    },
    "current_risk_distribution": ONE_CRITICAL,
    "last_updated": "2025-06-30T09:36:00Z",
}
BODIES = {
    RISK: RISK_BODY,
    LIST: LIST_BODY,
    ACTIVE: ACTIVE_BODY,
    SUMMARY: SUMMARY_BODY,
    CONTACTS: CONTACTS_BODY,
    DASHBOARD: DASHBOARD_BODY,
    PERFORMANCE: PERFORMANCE_BODY,
    TRENDS: TRENDS_BODY,
    PATIENT: PATIENT_BODY,
}


def method_of(route: str) -> str:
    return "POST" if route in {LOG, SYNC} else "GET"


@pytest.mark.parametrize("route", DATA_ROUTES)
def test_the_exact_body(clinic_api: Api, route: str) -> None:
    answer = clinic_api.get(route.format("org_a"))
    assert answer.status_code == 200
    assert answer.json() == BODIES[route]
    DATA_ROUTES[route].model_validate_json(answer.text)
    assert answer.headers["x-data-as-of"] == "2025-06-30T09:36:00Z"
    assert answer.headers["x-data-stale"] == "false"
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("route", [*DATA_ROUTES, LOG, SYNC])
def test_no_token_no_answer(clinic_api: Api, route: str) -> None:
    answer = clinic_api.client.request(method_of(route), route.format("org_a"))
    assert answer.status_code == 401
    assert answer.json().keys() == PROBLEM_KEYS
    assert answer.headers["www-authenticate"] == "Bearer"


def other_path(route: str) -> tuple[str, dict[str, str]]:
    return route.format("org_b"), {}


def other_header(route: str) -> tuple[str, dict[str, str]]:
    return route.format("org_a"), {"x-organization-id": "org_b"}


def empty_header(route: str) -> tuple[str, dict[str, str]]:
    return route.format("org_a"), {"x-organization-id": ""}


@pytest.mark.parametrize("disagree", [other_path, other_header, empty_header])
@pytest.mark.parametrize("route", [*DATA_ROUTES, LOG, SYNC])
def test_path_and_header_may_only_agree_with_the_token(
    clinic_api: Api, route: str, disagree: Callable[[str], tuple[str, dict[str, str]]]
) -> None:
    path, headers = disagree(route)
    before = clinic_api.connections_taken()
    headers |= clinic_api.clerk.bearer("org_a", role="admin")
    answer = clinic_api.client.request(method_of(route), path, headers=headers)
    assert answer.status_code == 403
    assert answer.json().keys() == PROBLEM_KEYS
    assert clinic_api.connections_taken() == before


@pytest.mark.parametrize("route", DATA_ROUTES)
def test_an_agreeing_header_is_welcome(clinic_api: Api, route: str) -> None:
    answer = clinic_api.get(route.format("org_a"), headers={"x-organization-id": "org_a"})
    assert answer.status_code == 200


@pytest.mark.parametrize("route", DATA_ROUTES)
def test_each_organization_sees_its_own(clinic_api: Api, route: str) -> None:
    text = clinic_api.get(route.format("org_b"), "org_b").text
    assert "org_b" in text or route == RISK
    assert "org_a" not in text


@pytest.mark.parametrize(
    ("organization_id", "status"), [("org_empty", 503), ("org_gone", 404), ("org_off", 403)]
)
@pytest.mark.parametrize("route", DATA_ROUTES)
def test_no_data_no_answer(clinic_api: Api, route: str, organization_id: str, status: int) -> None:
    answer = clinic_api.get(route.format(organization_id), organization_id)
    assert answer.status_code == status
    assert answer.json().keys() == PROBLEM_KEYS
    assert ("retry-after" in answer.headers) == (status == 503)


@pytest.mark.parametrize("route", DATA_ROUTES)
def test_not_modified_until_something_is(clinic_api: Api, route: str) -> None:
    etag = clinic_api.get(route.format("org_a")).headers["etag"]
    known = clinic_api.get(route.format("org_a"), headers={"If-None-Match": f'"other", {etag}'})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["etag"] == etag
    assert known.headers["x-data-as-of"] == "2025-06-30T09:36:00Z"
    assert clinic_api.get(route.format("org_a"), headers={"If-None-Match": "*"}).status_code == 304
    assert clinic_api.get(route.format("org_a"), headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("route", NAMING)
def test_an_answer_that_names_patients_is_written_down_first(
    clinic_api: Api, clinics: Settings, route: str
) -> None:
    before = len(audit_rows(clinics))
    answer = clinic_api.get(route.format("org_a"), headers={"X-Request-Id": "seen-once"})
    row = audit_rows(clinics)[before:]
    assert len(row) == 1
    assert row[0][:7] == (
        *("org_a", "user_2sandboxSandboxSandboxSand", "member"),
        *(NAMING[route], ["101"], "shown", "seen-once"),
    )
    clinic_api.get(route.format("org_a"), headers={"If-None-Match": answer.headers["etag"]})
    assert audit_rows(clinics)[-1][5] == "not_modified"


def test_the_words_of_a_search_are_not_written_down(clinic_api: Api, clinics: Settings) -> None:
    clinic_api.get(LIST.format("org_a"), params={"search": "Secretname"})
    last = audit_rows(clinics)[-1]
    assert last[4] == []
    assert last[7] == {"risk_level": "all", "limit": 50, "search": True, "cursor": False}


def test_no_record_no_answer(clinic_api: Api, clinics: Settings) -> None:
    with psycopg.connect(clinics.url("owner"), autocommit=True) as connection:
        connection.execute("revoke insert on app.audit_log from routiq_api")
        try:
            refused = clinic_api.get(LIST.format("org_a"))
            counts = clinic_api.get(RISK.format("org_a"))
        finally:
            connection.execute("grant insert on app.audit_log to routiq_api")
    assert refused.status_code == 503
    assert "Pat" not in refused.text
    assert counts.status_code == 200
