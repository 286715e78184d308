"""An organization in good order beside a bad one: for syncs, health and the mirror of Clerk's people."""

import uuid
from typing import Any, LiteralString

import psycopg
import pytest
from pydantic import BaseModel

from serving.features.clerk.schemas import ClerkStatus, DatabaseSummary
from serving.features.monitoring.schemas import SystemHealth
from serving.features.sync.schemas import SyncDashboard
from tests.serving import marts
from tests.serving.conftest import Clerk, run_api, settings_for
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
