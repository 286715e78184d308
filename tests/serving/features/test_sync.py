"""A sync is queued once, and whoever asks again is told which one is under way; the dashboard tells all."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.serving import marts
from tests.serving.conftest import Clerk, run_api, settings_for
from tests.serving.features.conftest import DASHBOARD, ask, execute, patients, quarantine, run
from tests.serving.routes import SYNC
from warehouse.settings import Settings


def test_queued_once_however_many_ask(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_a")
    marts.add_organization(warehouse, "org_b")
    with run_api(settings_for(warehouse, clerk), clerk) as api:

        def ask(organization_id: str) -> dict[str, object]:
            headers = clerk.bearer(organization_id, role="admin", subject="user_asks")
            body: dict[str, object] = api.client.post(SYNC.format(organization_id), headers=headers).json()
            return body

        with ThreadPoolExecutor(8) as pool:
            bodies = list(pool.map(ask, ["org_a"] * 16))
        assert sum(bool(body["sync_scheduled"]) for body in bodies) == 1
        assert len({body["sync_id"] for body in bodies}) == 1
        assert {str(body["message"]) for body in bodies} == {
            "Sync started successfully",
            "A sync is already queued or running",
        }
        assert bodies[0].keys() == {"organization_id", "sync_scheduled", "sync_id", "message", "timestamp"}
        assert ask("org_b")["sync_scheduled"] is True
        finish(warehouse)
        again = ask("org_a")
    assert again["sync_scheduled"] is True
    assert again["sync_id"] != bodies[0]["sync_id"]


def finish(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        rows = connection.execute(
            "select organization_id, requested_by, status from app.sync_runs"
        ).fetchall()
        assert sorted(rows) == [("org_a", "user_asks", "queued"), ("org_b", "user_asks", "queued")]
        connection.execute("update app.sync_runs set status = 'failed', finished_at = now()")


def test_an_unknown_organization_has_nothing_to_sync(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_off", active=False)
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        for organization_id, status in (("org_gone", 404), ("org_off", 403)):
            headers = clerk.bearer(organization_id, role="admin")
            assert api.client.post(SYNC.format(organization_id), headers=headers).status_code == status


NO_ROWS = {
    **dict.fromkeys(("rows_read", "rows_new", "rows_changed", "rows_removed", "rows_quarantined"), 0),
    **dict.fromkeys(("rows_blanked", "requests"), 0),
}


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
        "feeds": [],
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


def test_the_dashboard_shows_each_feed_as_its_mart_says(clinic: Settings, clerk: Clerk) -> None:
    at, told_at = marts.days_ago(0.1), "2025-06-30T09:36:00Z"
    counts = {"rows_read": 10, "rows_new": 4, "rows_changed": 3, "rows_removed": 2, "rows_quarantined": 1}
    counts |= {"rows_blanked": 6, "requests": 7, "rate_limit_waits": 8}
    counts |= {"quarantined_open": 9, "blanked_open": 11}
    read = {"feed": "patients", "status": "succeeded", "data_age_seconds": 8640, **counts}
    refused = {
        "feed": "invoices",
        "status": "forbidden",
        "error_code": "forbidden",
        **dict.fromkeys(counts, 0),
    }
    refused |= {"error_detail": "may not read it", "note": "asked once"}
    stamps = ("started_at", "finished_at", "data_as_of")
    in_marts: list[marts.Row] = [
        {"organization_id": "org_a", **read, **dict.fromkeys(stamps, at)},
        {"organization_id": "org_a", **refused, "started_at": at},
        {"organization_id": "org_b", "feed": "attendees"},
    ]
    with psycopg.connect(clinic.url("owner")) as connection:
        marts.insert(connection, "marts.sync_health", in_marts)
    assert ask(clinic, clerk, DASHBOARD)["feeds"] == [
        {**refused, "started_at": told_at, **dict.fromkeys((*stamps[1:], "data_age_seconds"))},
        {**read, **dict.fromkeys(stamps, told_at), **dict.fromkeys(("error_code", "error_detail", "note"))},
    ]


def test_the_dashboard_answers_before_anything_is_built(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_a")
    run(warehouse, "org_a", "failed", 0, patients={"status": "failed"})
    body = ask(warehouse, clerk, DASHBOARD)
    assert (body["contact_metrics"]["total_contacts"], body["feeds"]) == (0, [])
    assert [found["status"] for found in body["sync_history"]] == ["failed"]
