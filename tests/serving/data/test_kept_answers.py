"""The running API keeps answers: no statement for what it knows, nothing old after a change, all audited."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.rows import dict_row

from serving.data.horizon import HORIZON
from tests.serving import marts
from tests.serving.conftest import Api, Clerk, run_api, settings_for, wait_for
from tests.serving.routes import ACTIVE, LIST, RISK, SUMMARY
from warehouse.settings import Settings

DASHBOARD = "/api/v1/admin/sync/dashboard/{}"
ROUTES = (RISK, LIST, ACTIVE, SUMMARY)


@pytest.fixture
def keeping(clinics: Settings, clerk: Clerk) -> Iterator[Api]:
    with run_api(settings_for(clinics, clerk, api_cache_megabytes=16), clerk) as api:
        wait_for(lambda: api.services.database.versions.current("org_a") is not None)
        yield api


def execute(warehouse: Settings, statement: Any, *values: object) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(statement, values)


def recorded(warehouse: Settings) -> int:
    with psycopg.connect(warehouse.url("owner")) as connection:
        row = connection.execute("select count(*) from app.audit_log").fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize("route", ROUTES)
def test_a_known_answer_costs_no_statement_but_the_audit_row(
    keeping: Api, clinics: Settings, route: str
) -> None:
    first = keeping.get(route.format("org_a"))
    before, rows = keeping.connections_taken(), recorded(clinics)
    again = [keeping.get(route.format("org_a")) for _ in range(3)]
    etag = {"If-None-Match": first.headers["etag"]}
    known = [keeping.get(route.format("org_a"), headers=etag) for _ in range(3)]
    names = 1 if route in {LIST, ACTIVE} else 0
    assert keeping.connections_taken() - before == 6 * names
    assert recorded(clinics) - rows == 6 * names
    assert {answer.text for answer in again} == {first.text}
    assert {answer.headers["etag"] for answer in [*again, *known]} == {first.headers["etag"]}
    assert [answer.status_code for answer in known] == [304] * 3
    assert {answer.headers["x-data-as-of"] for answer in known} == {first.headers["x-data-as-of"]}


def test_each_organization_gets_its_own(keeping: Api) -> None:
    for route in ROUTES:
        for _ in range(2):
            answers = {name: keeping.get(route.format(name), name).text for name in ("org_a", "org_b")}
            assert "org_b" not in answers["org_a"]
            assert "org_a" not in answers["org_b"]


def test_whoever_may_not_ask_gets_nothing_that_is_kept(keeping: Api) -> None:
    etag = keeping.get(RISK.format("org_a")).headers["etag"]
    headers = {"If-None-Match": etag}
    assert keeping.client.get(RISK.format("org_a"), headers=headers).status_code == 401
    assert keeping.get(RISK.format("org_a"), "org_b", headers=headers).status_code == 403


CHANGES = [
    "update app.publications set data_version = data_version + 1 where organization_id = 'org_a'",
    (
        "insert into app.outreach_log (organization_id, patient_id, method, outcome, logged_by)"
        " values ('org_a', '101', 'sms', 'failed', 'user_1')"
    ),
    "update app.organizations set time_zone = 'Europe/London' where organization_id = 'org_a'",
    (
        "insert into app.sync_runs (organization_id, status, requested_by, finished_at)"
        " values ('org_a', 'succeeded', 'user_1', now())"
    ),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_by_anybody_is_heard(keeping: Api, clinics: Settings, change: str) -> None:
    keeping.get(RISK.format("org_a"))
    keeping.get(RISK.format("org_b"), "org_b")
    before = keeping.services.database.versions.current("org_a")
    execute(clinics, change)
    wait_for(lambda: keeping.services.database.versions.current("org_a") != before)
    taken = keeping.connections_taken()
    keeping.get(RISK.format("org_b"), "org_b")
    assert keeping.connections_taken() == taken
    keeping.get(RISK.format("org_a"))
    assert keeping.connections_taken() > taken


def test_a_change_of_ones_own_counts_at_once(keeping: Api) -> None:
    """The sync route writes; whatever was kept before it is not given after it."""
    for _ in range(20):
        keeping.get(RISK.format("org_a"))
        headers = keeping.clerk.bearer("org_a", role="admin")
        assert keeping.client.post("/api/v1/admin/sync/schedule/org_a", headers=headers).status_code == 200
        taken = keeping.connections_taken()
        keeping.get(RISK.format("org_a"))
        assert keeping.connections_taken() > taken


def test_the_sync_dashboard_keeps_its_counts_and_not_its_runs(keeping: Api, clinics: Settings) -> None:
    keeping.get(DASHBOARD.format("org_a"))
    taken = keeping.connections_taken()
    keeping.get(DASHBOARD.format("org_a"))
    assert keeping.connections_taken() - taken == 1
    execute(
        clinics,
        "insert into app.sync_runs (organization_id, status, requested_by, requested_at, finished_at)"
        " values ('org_a', 'failed', 'user_1', '2100-01-01', '2100-01-01')",
    )
    assert keeping.get(DASHBOARD.format("org_a")).json()["sync_history"][0]["status"] == "failed"
    execute(clinics, "delete from app.sync_runs where requested_at = '2100-01-01'")


def test_an_organization_that_is_switched_off_gets_nothing_kept(keeping: Api, clinics: Settings) -> None:
    assert keeping.get(RISK.format("org_b"), "org_b").status_code == 200
    execute(clinics, "update app.organizations set is_active = false where organization_id = 'org_b'")
    wait_for(lambda: keeping.get(RISK.format("org_b"), "org_b").status_code == 403)
    execute(clinics, "update app.organizations set is_active = true where organization_id = 'org_b'")
    wait_for(lambda: keeping.get(RISK.format("org_b"), "org_b").status_code == 200)


def test_what_changes_while_the_ear_is_cut_off_is_seen(keeping: Api, clinics: Settings) -> None:
    """No announcement: the row changes in silence, in the transaction that cuts the listener off."""
    path = LIST.format("org_a")
    assert keeping.get(path).json()["patients"][0]["risk_score"] == 85
    with psycopg.connect(clinics.url("admin")) as connection:
        connection.execute(
            "update marts.patient_reengagement_master_view set risk_score = 86 where patient_id = '101'"
        )
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'routiq-api-listener' and datname = current_database()"
        )
    wait_for(lambda: keeping.get(path).json()["patients"][0]["risk_score"] == 86)
    wait_for(lambda: keeping.services.database.versions.current("org_a") is not None)
    assert keeping.get(path).json()["patients"][0]["risk_score"] == 86


def test_many_who_ask_at_once_cost_one_reading(keeping: Api) -> None:
    keeping.services.database.versions.bump("org_a")
    headers = keeping.clerk.bearer()
    before = keeping.connections_taken()
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda _: keeping.client.get(RISK.format("org_a"), headers=headers), range(64))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert keeping.connections_taken() - before == 2  # the horizon and the answer


def horizon(warehouse: Settings) -> float:
    """Seconds, asked with a clock that goes."""
    with psycopg.connect(warehouse.url("owner"), row_factory=dict_row) as connection:
        connection.execute("set app.as_of = ''")
        row = connection.execute(HORIZON, {"organization_id": "org_a"}).fetchone()
    assert row is not None
    seconds: float = row["seconds"]
    return seconds


def test_the_horizon_is_the_nearest_edge(warehouse: Settings) -> None:
    marts.make_relations(warehouse)
    now = dt.datetime.now(dt.UTC)
    marts.add_organization(warehouse, "org_a", data_as_of=now - dt.timedelta(days=2))
    zone = next(
        name
        for name in ("Pacific/Auckland", "Europe/London", "America/Los_Angeles", "Asia/Kolkata")
        if seconds_to_midnight(name, now) > 3 * 3600
    )
    execute(warehouse, "update app.organizations set time_zone = %s", zone)
    assert horizon(warehouse) == pytest.approx(seconds_to_midnight(zone, now), abs=30)

    def after(change: str, **passed: float) -> float:
        execute(warehouse, change, now + dt.timedelta(**passed))
        return horizon(warehouse)

    assert (
        after("insert into marts.fct_visits (organization_id, starts_at) values ('org_b', %s)", minutes=5)
        > 3 * 3600
    )
    assert (
        after("insert into marts.fct_visits (organization_id, starts_at) values ('org_a', %s)", minutes=-5)
        > 3 * 3600
    )
    edge = after("update app.publications set data_as_of = %s", days=-1, hours=2.5)
    assert edge == pytest.approx(2.5 * 3600, abs=30)
    visit = after("insert into marts.fct_visits (organization_id, starts_at) values ('org_a', %s)", hours=2)
    assert visit == pytest.approx(2 * 3600, abs=30)
    run = after(
        "insert into app.sync_runs (organization_id, status, requested_by, finished_at)"
        " values ('org_a', 'succeeded', 'x', %s)",
        days=-1,
        hours=1,
    )
    assert run == pytest.approx(3600, abs=30)
    ahead = after(
        "insert into app.outreach_log (organization_id, patient_id, method, outcome, logged_by, occurred_at)"
        " values ('org_a', '1', 'sms', 'success', 'x', %s)",
        minutes=30,
    )
    assert ahead == pytest.approx(1800, abs=30)


def seconds_to_midnight(zone: str, now: dt.datetime) -> float:
    local = now.astimezone(ZoneInfo(zone))
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), ZoneInfo(zone))
    return (midnight - now).total_seconds()


def test_with_a_frozen_clock_time_ends_nothing(clinics: Settings) -> None:
    with psycopg.connect(clinics.url("owner"), row_factory=dict_row) as connection:
        row = connection.execute(HORIZON, {"organization_id": "org_a"}).fetchone()
    assert row is not None
    assert row["seconds"] == float("inf")


def test_a_timestamp_moves_on_while_the_answer_is_kept(warehouse: Settings, clerk: Clerk) -> None:
    marts.make_relations(warehouse)
    with psycopg.connect(warehouse.url("admin"), autocommit=True) as connection:
        connection.execute(f"alter database {warehouse.database_name} reset app.as_of")
    marts.add_organization(warehouse, "org_a", data_as_of=dt.datetime.now(dt.UTC))
    with run_api(settings_for(warehouse, clerk, api_cache_megabytes=16), clerk) as api:
        wait_for(lambda: api.services.database.versions.current("org_a") is not None)
        first = api.get(LIST.format("org_a")).json()["timestamp"]
        wait_for(lambda: api.get(LIST.format("org_a")).json()["timestamp"] > first)
        assert api.services.database.cache._kept.currsize > 0
        again = dt.datetime.fromisoformat(api.get(LIST.format("org_a")).json()["timestamp"])
        assert abs(again - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=10)
