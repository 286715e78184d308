"""Routes 5, 6, 8 and 9: how an organization's syncs, health and mirror stand, also before there is data."""

import json
import uuid
from typing import Any, LiteralString

import psycopg
import pytest
from pydantic import BaseModel

from serving.features.clerk.schemas import ClerkStatus, DatabaseSummary
from serving.features.monitoring.schemas import SystemHealth
from serving.features.sync.schemas import SyncDashboard
from tests.serving import marts
from tests.serving.checks import problem
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from tests.serving.routes import HEALTH
from warehouse.settings import Settings

DASHBOARD = "/api/v1/admin/sync/dashboard/{}"
STATUS = "/api/v1/admin/clerk/status"
MIRROR = "/api/v1/admin/clerk/database-summary"
ROUTES: dict[str, type[BaseModel]] = {
    DASHBOARD: SyncDashboard,
    HEALTH: SystemHealth,
    STATUS: ClerkStatus,
    MIRROR: DatabaseSummary,
}
NO_ROWS = {
    **dict.fromkeys(("rows_read", "rows_new", "rows_changed", "rows_removed", "rows_quarantined"), 0),
    **dict.fromkeys(("rows_blanked", "requests"), 0),
}


def run(
    warehouse: Settings, organization_id: str, status: str, hours_ago: float, **feeds: dict[str, Any]
) -> None:
    """A sync run that ended so long ago, with what its feeds brought."""
    ended = marts.days_ago(hours_ago / 24)
    row = {
        "organization_id": organization_id,
        "kind": "sync",
        "status": status,
        "requested_by": "schedule",
        "requested_at": ended,
        "started_at": ended,
        "finished_at": None if status in {"queued", "running"} else ended,
        "error_code": "refused" if status == "failed" else None,
    }
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "app.sync_runs", [row])
        newest = connection.execute(
            "select id from app.sync_runs where organization_id = %s order by requested_at desc limit 1",
            [organization_id],
        ).fetchone()
        for feed, counts in feeds.items():
            key = {"organization_id": organization_id, "sync_run_id": newest and newest[0], "feed": feed}
            marts.insert(connection, "app.sync_run_feeds", [key | {"status": "succeeded"} | counts])


def quarantine(
    warehouse: Settings, organization_id: str, feed: str, field: str, effect: str, count: int = 1, **more: Any
) -> None:
    rows = [
        {
            "organization_id": organization_id,
            "sync_run_id": uuid.uuid4(),
            "feed": feed,
            "record_id": str(number),
            "field": field,
            "reason": "type",
            "effect": effect,
            "seen_at": marts.AS_OF,
            **more,
        }
        for number in range(count)
    ]
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "app.quarantine", rows)


def patients(warehouse: Settings, organization_id: str, numbers: range, **more: Any) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        rows = [marts.patient_row(organization_id, str(number), **more) for number in numbers]
        marts.insert(connection, "marts.dim_patients", rows)


def actives(warehouse: Settings, organization_id: str, *recent: int) -> None:
    rows = [
        marts.active_row(organization_id, str(number), recent_appointment_count=count)
        for number, count in enumerate(recent)
    ]
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "marts.active_patients", rows)


def execute(warehouse: Settings, statement: LiteralString) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(statement)


@pytest.fixture
def clinic(warehouse: Settings) -> Settings:
    """One organization in good order beside a bad one; the clock stands still."""
    marts.make_relations(warehouse)
    marts.add_organization(warehouse, "org_a", data_as_of=marts.days_ago(0.1))
    marts.add_organization(warehouse, "org_b", data_as_of=marts.days_ago(3))
    patients(warehouse, "org_a", range(9))
    patients(warehouse, "org_a", range(9, 10), is_purged=True)
    patients(warehouse, "org_a", range(10, 12), is_merged=True)
    patients(warehouse, "org_a", range(12, 13), created_at=marts.days_ago(-1))
    patients(warehouse, "org_b", range(5))
    actives(warehouse, "org_a", 2, 3, 3)
    feeds = {"patients": {"rows_read": 10, "rows_new": 4, "requests": 3}, "invoices": {"rows_read": 5}}
    run(warehouse, "org_a", "succeeded", 2.4, **feeds)
    run(warehouse, "org_b", "failed", 1)
    return warehouse


def ask(warehouse: Settings, clerk: Clerk, route: str, organization_id: str = "org_a") -> dict[str, Any]:
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        answer = api.get(route.format(organization_id), organization_id)
    assert answer.status_code == 200, answer.text
    ROUTES[route].model_validate_json(answer.text)
    body: dict[str, Any] = answer.json()
    return body


def test_the_sync_dashboard_says_it_all(clinic: Settings, clerk: Clerk) -> None:
    body = ask(clinic, clerk, DASHBOARD)
    (latest,) = body.pop("sync_history")
    assert body == {
        "organization_id": "org_a",
        "contact_metrics": {
            "total_contacts": 10,
            "cliniko_linked": 9,
            "unlinked": 1,
            "link_percentage": 90.0,
        },
        "active_patient_metrics": {
            "total_active": 3,
            "avg_recent_appointments": 2.7,
            "most_recent_appointment": "2025-06-25T12:00:00Z",
            "last_sync": "2025-06-30T09:36:00Z",
        },
        "service_status": {"cliniko_configured": False, "sync_enabled": True, "is_active": True},
        "health_indicators": {
            "has_contacts": True,
            "has_active_patients": True,
            "recent_sync": True,
            "high_link_rate": True,
            "complete_sync": True,
        },
        "incomplete_feeds": [],
    }
    assert latest.pop("sync_id")
    assert latest == NO_ROWS | {
        "kind": "sync",
        "status": "succeeded",
        "requested_by": "schedule",
        **dict.fromkeys(("requested_at", "started_at", "finished_at"), "2025-06-30T09:36:00Z"),
        "error_code": None,
        "rows_read": 15,
        "rows_new": 4,
        "requests": 3,
    }


def test_edges_of_the_dashboard(clinic: Settings, clerk: Clerk) -> None:
    execute(clinic, "update app.sync_runs set finished_at = finished_at - interval '21.6 hours'")
    patients(clinic, "org_a", range(20, 21), is_purged=True)
    execute(clinic, "update app.organizations set sync_enabled = false")
    execute(
        clinic,
        """
        insert into app.cliniko_credentials
            (organization_id, base_url, kek_id, wrapped_key, sealed_api_key)
        values ('org_a', 'https://api.au1.cliniko.com/v1', '1', '', '')
        """,
    )
    for hours in range(12):
        run(clinic, "org_a", "failed", 30 + hours)
    run(clinic, "org_a", "queued", 0)
    run(clinic, "org_a", "succeeded", -1)
    body = ask(clinic, clerk, DASHBOARD)
    assert body["contact_metrics"]["link_percentage"] == 81.8
    assert body["health_indicators"]["high_link_rate"] is False
    assert body["health_indicators"]["recent_sync"] is False  # exactly 24 hours ago is no longer recent
    assert body["active_patient_metrics"]["last_sync"] == "2025-06-29T12:00:00Z"
    assert body["service_status"] == {"cliniko_configured": True, "sync_enabled": False, "is_active": True}
    assert len(body["sync_history"]) == 10
    assert [found["status"] for found in body["sync_history"][:3]] == ["succeeded", "queued", "succeeded"]


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


def test_the_dashboard_says_what_is_missing_by_feed_and_field(clinic: Settings, clerk: Clerk) -> None:
    run(
        clinic,
        "org_a",
        "incomplete",
        1,
        patients={"status": "succeeded", "rows_blanked": 3, "rows_quarantined": 2},
        invoices={
            "status": "unavailable",
            "error_code": "server_error",
            "error_detail": "Cliniko answered 503 five times",
            "note": "deleted_at is no filter of theirs",
        },
        attendees={"status": "succeeded", "note": "deleted_at is no filter of theirs"},
    )
    run(clinic, "org_a", "failed", 0.5, patients={"status": "failed"})
    quarantine(clinic, "org_a", "patients", "archived_at", "refused", 2)
    quarantine(clinic, "org_a", "patients", "email", "blanked", 3)
    quarantine(clinic, "org_a", "patients", "email", "blanked", 9, resolved_at=marts.AS_OF)
    quarantine(clinic, "org_a", "waiting_lists", "name", "refused")
    quarantine(clinic, "org_b", "patients", "archived_at", "refused", 7)
    body = ask(clinic, clerk, DASHBOARD)
    assert body["health_indicators"]["complete_sync"] is False
    assert [row["rows_blanked"] for row in body["sync_history"][:2]] == [0, 3]
    assert body["incomplete_feeds"] == [
        {
            "feed": "invoices",
            "status": "unavailable",
            "last_read_at": "2025-06-30T09:36:00Z",
            "error_code": "server_error",
            "error_detail": "Cliniko answered 503 five times",
            "note": "deleted_at is no filter of theirs",
            "refused": 0,
            "blanked": 0,
            "fields": [],
        },
        {
            "feed": "patients",
            "status": "succeeded",
            "last_read_at": "2025-06-30T11:00:00Z",
            "error_code": None,
            "error_detail": None,
            "note": None,
            "refused": 2,
            "blanked": 3,
            "fields": [
                {"field": "archived_at", "reason": "type", "effect": "refused", "records": 2},
                {"field": "email", "reason": "type", "effect": "blanked", "records": 3},
            ],
        },
        {
            "feed": "waiting_lists",
            **dict.fromkeys(("status", "last_read_at", "error_code", "error_detail", "note")),
            "refused": 1,
            "blanked": 0,
            "fields": [{"field": "name", "reason": "type", "effect": "refused", "records": 1}],
        },
    ]
    execute(clinic, "update app.quarantine set resolved_at = now() where effect = 'refused'")
    run(clinic, "org_a", "succeeded", 0.1, patients={}, invoices={})
    body = ask(clinic, clerk, DASHBOARD)
    assert body["health_indicators"]["complete_sync"] is True, "fields left out are no matter"
    assert [feed["feed"] for feed in body["incomplete_feeds"]] == ["patients"]


@pytest.mark.parametrize(("age_hours", "status"), [(23.9, "healthy"), (24, "degraded")])
def test_data_of_a_day_ago_is_stale(clinic: Settings, clerk: Clerk, age_hours: float, status: str) -> None:
    with psycopg.connect(clinic.url("owner")) as connection:
        connection.execute("update app.publications set data_as_of = %s", [marts.days_ago(age_hours / 24)])
    assert ask(clinic, clerk, HEALTH)["health_status"]["status"] == status


def user(organization_id: str, name: str, days: float, **more: Any) -> dict[str, Any]:
    row = {"organization_id": organization_id, "user_id": name, "is_banned": False, "last_sign_in_at": None}
    return row | {"created_at": marts.days_ago(days), "updated_at": marts.days_ago(days)} | more


def members(warehouse: Settings, *users: tuple[dict[str, Any], str]) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "app.clerk_users", [row for row, _ in users])
        held = ("organization_id", "user_id", "created_at", "updated_at")
        for row, role in users:
            membership = {name: row[name] for name in held} | {"membership_id": "orgmem_x", "role": role}
            marts.insert(connection, "app.clerk_memberships", [membership])


@pytest.fixture
def mirrored(clinic: Settings) -> Settings:
    """As the clinic's own days go: Sydney is ten hours ahead, so seven days ago began at 14:00 UTC."""
    signed_in = {"last_sign_in_at": marts.days_ago(1)}
    execute(clinic, "update app.organizations set created_at = '2025-01-01T00:00:00Z'")
    members(
        clinic,
        (user("org_a", "user_1", 100, **signed_in), "org:admin"),
        (user("org_a", "user_2", 6.91, **signed_in), "org:member"),
        (user("org_a", "user_3", 6.92, is_banned=True), "org:member"),
        (user("org_b", "user_1", 100, **signed_in), "org:member"),
        (user("org_b", "user_4", 1), "org:owner"),
    )
    return clinic


def test_the_mirror_of_ones_own_organization(mirrored: Settings, clerk: Clerk) -> None:
    assert ask(mirrored, clerk, MIRROR) == {
        "users": {"total_users": 3, "users_last_7_days": 1, "users_with_login": 2},
        "organizations": {"total_organizations": 1, "orgs_last_7_days": 0, "active_organizations": 1},
        "memberships": {
            "total_memberships": 3,
            "active_memberships": 2,
            "orgs_with_members": 1,
            "users_with_orgs": 3,
        },
        "role_distribution": [{"role": "org:member", "count": 2}, {"role": "org:admin", "count": 1}],
    }


def test_the_mirror_of_all_is_for_operators(mirrored: Settings, clerk: Clerk) -> None:
    marts.add_organization(mirrored, "org_off", active=False)
    with run_api(settings_for(mirrored, clerk), clerk) as api:
        body = api.client.get(MIRROR, headers=clerk.bearer("org_a", subject="user_operator")).json()
    assert body == {
        "users": {"total_users": 4, "users_last_7_days": 2, "users_with_login": 2},
        "organizations": {"total_organizations": 3, "orgs_last_7_days": 1, "active_organizations": 2},
        "memberships": {
            "total_memberships": 5,
            "active_memberships": 4,
            "orgs_with_members": 2,
            "users_with_orgs": 4,
        },
        "role_distribution": [
            {"role": "org:member", "count": 3},
            {"role": "org:admin", "count": 1},
            {"role": "org:owner", "count": 1},
        ],
    }


@pytest.fixture
def api(warehouse: Settings, clerk: Clerk) -> Any:
    """Nothing was ever built; one organization waits for its first sync, one is switched off."""
    marts.add_organization(warehouse, "org_a")
    marts.add_organization(warehouse, "org_off", active=False)
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        yield api


def test_all_of_them_answer_before_there_is_any_data(api: Api) -> None:
    for route, model in ROUTES.items():
        answer = api.get(route.format("org_a"))
        assert answer.status_code == 200, answer.text
        model.model_validate_json(answer.text)
        assert "x-data-as-of" not in answer.headers
        assert answer.headers["x-data-stale"] == "true"
        etag = {"If-None-Match": answer.headers["etag"]}
        assert api.get(route.format("org_a"), headers=etag).status_code == 304
    assert api.get(DASHBOARD.format("org_a")).json()["contact_metrics"] == {
        **dict.fromkeys(("total_contacts", "cliniko_linked", "unlinked"), 0),
        "link_percentage": 0.0,
    }
    health = api.get(HEALTH).json()
    assert health["sync_activity_24h"]["success_rate"] is None
    assert health["health_status"]["status"] == "unhealthy"


def test_who_may_ask(api: Api) -> None:
    for route in ROUTES:
        path = route.format("org_a")
        problem(api.client.get(path), 401)
        problem(api.get(path, headers={"x-organization-id": "org_b"}), 403)
        problem(api.get(route.format("org_off"), "org_off"), 403)
        problem(api.get(route.format("org_gone"), "org_gone"), 404)
        problem(api.get(path, params={"limit": "1"}), 422)
        if path != route:
            problem(api.get(route.format("org_b")), 403)


def test_no_name_of_another_organization_is_ever_told(mirrored: Settings, clerk: Clerk) -> None:
    for route in ROUTES:
        assert "org_b" not in json.dumps(ask(mirrored, clerk, route))


def test_the_role_of_the_api_sees_one_organizations_people_only(mirrored: Settings) -> None:
    with psycopg.connect(mirrored.url("api")) as connection:
        connection.execute("set local app.organization_id = 'org_a'")
        for table in ("app.clerk_users", "app.clerk_memberships"):
            seen = connection.execute(f"select distinct organization_id from {table}").fetchall()
            assert seen == [("org_a",)]


@pytest.mark.parametrize("column", ["first_name", "last_name", "email"])
def test_operators_see_no_name_and_no_address(mirrored: Settings, column: str) -> None:
    with (
        psycopg.connect(mirrored.url("operator")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"select {column} from app.clerk_users")


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
