"""Route 6: the health of an organization, and of all of them for operators."""

from typing import Any, LiteralString

import psycopg
import pytest

from serving.features.monitoring.schemas import SystemHealth
from tests.serving import marts
from tests.serving.conftest import Clerk, run_api, settings_for
from tests.serving.features.conftest import DASHBOARD, ask, execute, run
from tests.serving.routes import HEALTH
from warehouse.settings import Settings


def test_health_of_ones_own_organization(clinic: Settings, clerk: Clerk) -> None:
    assert ask(clinic, clerk, HEALTH) == {
        "overall_metrics": {"total_organizations": 1, "total_contacts": 10, "total_active_patients": 3},
        "sync_activity_24h": {
            "total_syncs": 1,
            "successful_syncs": 1,
            "incomplete_syncs": 0,
            "failed_syncs": 0,
            "success_rate": 100.0,
        },
        "health_status": {"status": "healthy", "all_systems_operational": True},
    }
    assert ask(clinic, clerk, HEALTH, "org_b") == {
        "overall_metrics": {"total_organizations": 1, "total_contacts": 5, "total_active_patients": 0},
        "sync_activity_24h": {
            "total_syncs": 1,
            "successful_syncs": 0,
            "incomplete_syncs": 0,
            "failed_syncs": 1,
            "success_rate": 0.0,
        },
        "health_status": {"status": "unhealthy", "all_systems_operational": False},
    }


@pytest.mark.parametrize(
    ("happens", "status", "rate"),
    [
        ([("failed", 3)], "degraded", 50.0),
        ([("failed", 24)], "healthy", 100.0),
        ([("failed", 3), ("succeeded", 4)], "degraded", 66.7),
        ([("queued", 1)], "healthy", 100.0),
        ([("incomplete", 1)], "degraded", 50.0),
        ([("incomplete", 3)], "healthy", 50.0),  # a later one has read everything
        ([("incomplete", 1), ("failed", 0.5)], "degraded", 33.3),
    ],
)
def test_what_makes_health(
    clinic: Settings, clerk: Clerk, happens: list[tuple[str, float]], status: str, rate: float
) -> None:
    for outcome, hours in happens:
        run(clinic, "org_a", outcome, hours)
    body = ask(clinic, clerk, HEALTH)
    assert body["health_status"] == {"status": status, "all_systems_operational": status == "healthy"}
    assert body["sync_activity_24h"]["success_rate"] == rate


def test_an_incomplete_clinic_is_degraded_and_not_without_success(clinic: Settings, clerk: Clerk) -> None:
    execute(clinic, "update app.sync_runs set status = 'incomplete' where organization_id = 'org_a'")
    assert ask(clinic, clerk, HEALTH)["sync_activity_24h"] == {
        "total_syncs": 1,
        "successful_syncs": 0,
        "incomplete_syncs": 1,
        "failed_syncs": 0,
        "success_rate": 0.0,
    }
    assert ask(clinic, clerk, HEALTH)["health_status"]["status"] == "degraded"
    body = ask(clinic, clerk, DASHBOARD)
    assert body["sync_history"][0]["status"] == "incomplete"
    assert body["active_patient_metrics"]["last_sync"] == "2025-06-30T09:36:00Z"
    assert body["health_indicators"]["recent_sync"] is True


@pytest.mark.parametrize(("age_hours", "status"), [(23.9, "healthy"), (24, "degraded")])
def test_data_of_a_day_ago_is_stale(clinic: Settings, clerk: Clerk, age_hours: float, status: str) -> None:
    with psycopg.connect(clinic.url("owner")) as connection:
        connection.execute("update app.publications set data_as_of = %s", [marts.days_ago(age_hours / 24)])
    assert ask(clinic, clerk, HEALTH)["health_status"]["status"] == status


COUNTS: LiteralString = """
create schema operations;
create view operations.organization_counts as
select
    organization_id,
    count(*)::bigint as total_contacts,
    (
        select count(*) from marts.active_patients
        where active_patients.organization_id = dim_patients.organization_id
    ) as total_active_patients
from marts.dim_patients where not is_merged and created_at <= app.as_of() group by organization_id;
grant usage on schema operations to routiq_operator;
grant select on operations.organization_counts to routiq_operator;
"""


def ask_as_operator(warehouse: Settings, clerk: Clerk) -> dict[str, Any]:
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        answer = api.client.get(HEALTH, headers=clerk.bearer("org_a", subject="user_operator"))
    assert answer.status_code == 200, answer.text
    SystemHealth.model_validate_json(answer.text)
    body: dict[str, Any] = answer.json()
    return body


def test_operators_see_the_health_of_all(clinic: Settings, clerk: Clerk) -> None:
    marts.add_organization(clinic, "org_off", data_as_of=marts.days_ago(9), active=False)
    execute(clinic, COUNTS)
    assert ask_as_operator(clinic, clerk) == {
        "overall_metrics": {"total_organizations": 2, "total_contacts": 15, "total_active_patients": 3},
        "sync_activity_24h": {
            "total_syncs": 2,
            "successful_syncs": 1,
            "incomplete_syncs": 0,
            "failed_syncs": 1,
            "success_rate": 50.0,
        },
        "health_status": {"status": "degraded", "all_systems_operational": False},
    }
    execute(clinic, "delete from app.sync_runs where status = 'failed'")
    assert ask_as_operator(clinic, clerk)["health_status"]["status"] == "degraded"  # org_b's data is stale
    execute(clinic, "update app.publications set data_as_of = '2025-06-30T00:00:00Z' where data_version = 1")
    assert ask_as_operator(clinic, clerk)["health_status"]["status"] == "healthy"
    run(clinic, "org_b", "incomplete", 40)
    assert ask_as_operator(clinic, clerk)["health_status"]["status"] == "degraded"  # still incomplete
    execute(clinic, "update app.organizations set is_active = false where organization_id = 'org_b'")
    assert ask_as_operator(clinic, clerk)["health_status"]["status"] == "healthy"
    marts.add_organization(clinic, "org_new")
    assert (
        ask_as_operator(clinic, clerk)["health_status"]["status"] == "degraded"
    )  # never loaded is not fresh


def test_operators_are_answered_before_anything_is_built(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_a")
    body = ask_as_operator(warehouse, clerk)
    assert body["overall_metrics"] == {
        **dict.fromkeys(("total_contacts", "total_active_patients"), 0),
        "total_organizations": 1,
    }
    assert body["health_status"]["status"] == "unhealthy"
