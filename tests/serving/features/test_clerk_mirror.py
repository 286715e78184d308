"""Routes 7 and 8: an organization mirrored from Clerk, whole or not at all, whatever Clerk does meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from sandbox.clerk.backend import Fault
from sandbox.clerk.directory import Member, Organization
from tests.serving import marts
from tests.serving.checks import problem, without_isolation
from tests.serving.conftest import CLERK_KEY, Api, Clerk, run_api, settings_for, wait_for
from warehouse.settings import Settings

SYNC = "/api/v1/admin/clerk/sync"
STATUS = "/api/v1/admin/clerk/status"


@pytest.fixture
def people(clerk: Clerk) -> Iterator[Clerk]:
    """Two organizations that share a person; the first needs three pages."""
    backend = clerk.backend
    backend.directory.put(Organization(id="org_a", name="Harbour", members=[member(n) for n in range(250)]))
    backend.directory.put(Organization(id="org_b", name="Quayside", members=[member(7, role="admin")]))
    yield clerk
    backend.directory.organizations.clear()
    backend.faults.clear()
    backend.paths.clear()
    backend.on_request = lambda _path: None


def member(number: int, **more: Any) -> Member:
    names = {"first_name": f"Person {number}", "email": f"person{number}@example.com"}
    return Member(user_id=f"user_{number}", **(names | more))


@pytest.fixture
def api(warehouse: Settings, people: Clerk) -> Iterator[Api]:
    for organization_id in ("org_a", "org_b"):
        marts.add_organization(warehouse, organization_id)
    with run_mirroring(warehouse, people) as api:
        yield api


def run_mirroring(warehouse: Settings, clerk: Clerk, **more: Any) -> Any:
    values = {"clerk_api_url": f"{clerk.url}/v1", "clerk_secret_key": SecretStr(CLERK_KEY)}
    return run_api(settings_for(warehouse, clerk, **(values | {"clerk_sync_seconds": 6} | more)), clerk)


def start(api: Api, organization_id: str = "org_a", **order: Any) -> httpx.Response:
    headers = api.clerk.bearer(organization_id, role="admin", **order)
    return api.client.post(SYNC, json={"organization_id": organization_id}, headers=headers)


def status(api: Api, organization_id: str = "org_a") -> dict[str, Any]:
    answer = api.get(STATUS, organization_id)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sync(api: Api, organization_id: str = "org_a") -> dict[str, Any]:
    """Start one, and wait until it has ended."""
    started = start(api, organization_id)
    assert started.status_code == 200, started.text
    wait_for(lambda: not status(api, organization_id)["sync_in_progress"], 30)
    last: dict[str, Any] = status(api, organization_id)["last_attempt"]
    assert last["sync_id"] == started.json()["sync_id"]
    return last


def rows(warehouse: Settings, statement: str) -> list[Any]:
    with psycopg.connect(warehouse.url("owner")) as connection:
        return connection.execute(statement).fetchall()


USERS = "select organization_id, user_id, email from app.clerk_users order by 1, length(user_id), 2"


def test_an_organization_is_mirrored_whole(api: Api, warehouse: Settings) -> None:
    before = status(api)
    assert before["clerk_api_connected"] is True
    assert before["last_sync"] is before["last_attempt"] is None
    assert sync(api)["status"] == "succeeded"
    assert rows(warehouse, USERS) == [("org_a", f"user_{n}", f"person{n}@example.com") for n in range(250)]
    counts = {"users": 250, "organizations": 1, "organization_members": 250}
    assert status(api)["database_counts"] == counts
    assert status(api)["last_sync"] == status(api)["last_attempt"]["finished_at"]
    assert status(api, "org_b")["database_counts"] == dict.fromkeys(counts, 0)


def test_who_is_removed_goes_and_nobody_else(api: Api, warehouse: Settings, people: Clerk) -> None:
    sync(api)
    sync(api, "org_b")
    gone = people.backend.directory.organizations["org_a"].members
    gone[:] = [member(7, role="admin"), member(8, first_name=None), member(300)]
    sync(api)
    held = rows(warehouse, "select organization_id, user_id, role from app.clerk_memberships order by 1, 2")
    assert held == [
        ("org_a", "user_300", "org:member"),
        ("org_a", "user_7", "org:admin"),
        ("org_a", "user_8", "org:member"),
        ("org_b", "user_7", "org:admin"),
    ]
    names = rows(warehouse, "select user_id, first_name from app.clerk_users where organization_id = 'org_a'")
    assert sorted(names) == [("user_300", "Person 300"), ("user_7", "Person 7"), ("user_8", None)]
    assert rows(warehouse, "select removed from app.clerk_syncs order by started_at desc limit 1") == [(248,)]
    people.backend.directory.organizations["org_a"].members.clear()
    assert sync(api)["status"] == "succeeded"
    assert [row[:2] for row in rows(warehouse, USERS)] == [("org_b", "user_7")]


def test_nobody_elses_people_go_even_without_isolation(api: Api, warehouse: Settings, people: Clerk) -> None:
    sync(api, "org_b")
    people.backend.directory.organizations["org_a"].members.clear()
    with (
        without_isolation(warehouse, "app.clerk_users"),
        without_isolation(warehouse, "app.clerk_memberships"),
    ):
        assert sync(api)["status"] == "succeeded"
    assert [row[:2] for row in rows(warehouse, USERS)] == [("org_b", "user_7")]


def test_one_at_a_time_however_many_ask(api: Api, people: Clerk) -> None:
    people.backend.faults.append(Fault(seconds=0.5, times=1))
    with ThreadPoolExecutor(8) as pool:
        bodies = [answer.json() for answer in pool.map(lambda _: start(api), range(12))]
    assert [body["success"] for body in bodies] == [True] * 12
    assert len({body["sync_id"] for body in bodies}) == 1
    assert sorted(body["message"] for body in bodies)[-1] == "Clerk sync started"
    assert [body["message"] for body in bodies].count("Clerk sync started") == 1
    assert all(body["estimated_duration"].endswith("seconds") for body in bodies)
    wait_for(lambda: not status(api)["sync_in_progress"])
    assert start(api).json()["sync_id"] != bodies[0]["sync_id"]


def test_members_who_come_and_go_while_pages_are_read_cost_a_second_reading(
    api: Api, warehouse: Settings, people: Clerk
) -> None:
    members = people.backend.directory.organizations["org_a"].members

    def remove_the_first(path: str) -> None:
        if path.endswith("/memberships") and people.backend.paths.count(path) == 2:
            del members[0]

    people.backend.on_request = remove_the_first
    assert sync(api)["status"] == "succeeded"
    assert rows(warehouse, "select count(*), min(users) from app.clerk_users, app.clerk_syncs") == [
        (249, 249)
    ]


def test_a_list_that_never_stands_still_is_no_success(api: Api, warehouse: Settings, people: Clerk) -> None:
    members = people.backend.directory.organizations["org_a"].members

    def add_one(path: str) -> None:
        if path.endswith("/memberships"):
            members.append(member(1000 + len(members)))

    people.backend.on_request = add_one
    assert sync(api)["error_code"] == "changed_while_read"
    assert rows(warehouse, USERS) == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(status=401), "key_refused"),
        (Fault(status=404), "organization_unknown"),
        (Fault(status=500), "clerk_failed"),
        (Fault(status=429, retry_after=3600), "rate_limited"),
        (Fault(status=429), "rate_limited"),
        (Fault(seconds=5), "timed_out"),
        (Fault(status=500, after=1), "clerk_failed"),
    ],
)
def test_what_clerk_refuses_fails_in_time_and_leaves_all_as_it_was(
    warehouse: Settings, people: Clerk, fault: Fault, code: str
) -> None:
    marts.add_organization(warehouse, "org_a")
    with run_mirroring(warehouse, people) as api:
        sync(api)
    people.backend.directory.organizations["org_a"].members.clear()
    with run_mirroring(warehouse, people, clerk_sync_seconds=2) as api:
        people.backend.faults.append(fault)
        assert start(api).elapsed.total_seconds() < 2
        running = "select from app.clerk_syncs where status = 'running'"
        wait_for(lambda: not rows(warehouse, running), 15)
        found = status(api)
    assert (found["last_attempt"]["status"], found["last_attempt"]["error_code"]) == ("failed", code)
    assert found["clerk_api_connected"] is (code == "organization_unknown")
    assert found["database_counts"]["users"] == 250
    assert found["last_sync"] is not None


def test_a_short_trouble_is_waited_out(api: Api, people: Clerk) -> None:
    people.backend.faults += [
        Fault(status=500, times=1),
        Fault(status=429, retry_after=1, times=1),
    ]
    assert sync(api)["status"] == "succeeded"


def test_a_slug_or_somebody_elses_organization_is_not_taken(api: Api, warehouse: Settings) -> None:
    """Clerk finds an organization by its slug, too: the name of another's slug must not get its people."""
    marts.add_organization(warehouse, "org-b")
    assert sync(api, "org-b")["error_code"] == "unexpected_answer"
    assert rows(warehouse, USERS) == []


def test_a_sync_whose_process_died_is_seen_and_succeeded_by_another(api: Api, warehouse: Settings) -> None:
    dead = rows(
        warehouse,
        "insert into app.clerk_syncs (organization_id, requested_by, lease_expires_at) "
        "values ('org_a', 'user_x', now() + interval '1 hour') returning id::text",
    )[0][0]
    assert start(api).json()["sync_id"] == dead
    assert status(api)["sync_in_progress"] is True
    rows(warehouse, "update app.clerk_syncs set lease_expires_at = now() returning id")
    found = status(api)
    assert found["sync_in_progress"] is False
    assert (found["last_attempt"]["status"], found["last_attempt"]["error_code"]) == ("failed", "abandoned")
    assert sync(api)["status"] == "succeeded"
    told = "select error_code from app.clerk_syncs order by started_at"
    assert rows(warehouse, told) == [("abandoned",), (None,)]


def test_a_stop_ends_the_sync_and_says_so(warehouse: Settings, people: Clerk) -> None:
    marts.add_organization(warehouse, "org_a")
    with run_mirroring(warehouse, people) as api:
        people.backend.faults.append(Fault(seconds=5))
        start(api)
        wait_for(lambda: bool(people.backend.paths))
    assert rows(warehouse, "select status, error_code from app.clerk_syncs") == [("failed", "stopped")]


def test_a_sync_that_was_given_up_changes_nothing_any_more(
    api: Api, warehouse: Settings, people: Clerk
) -> None:
    def give_up(path: str) -> None:
        if path == "/v1/users":
            rows(
                warehouse,
                "update app.clerk_syncs set status = 'failed', finished_at = now(), error_code = 'abandoned' "
                "where status = 'running' returning id",
            )

    people.backend.on_request = give_up
    assert sync(api)["error_code"] == "abandoned"
    mirror = api.services.mirror
    wait_for(lambda: mirror is not None and not mirror._running)  # it does not know yet
    for table in ("organizations", "users", "memberships"):
        assert rows(warehouse, f"select * from app.clerk_{table}") == []


def test_without_a_key_it_says_so(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_a")
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        body = problem(start(api), 503)
        assert "ROUTIQ_CLERK_SECRET_KEY" in str(body["detail"])
        assert status(api)["clerk_api_connected"] is False


def test_a_wrong_key_is_told_and_never_shown(
    warehouse: Settings, people: Clerk, capfd: pytest.CaptureFixture[str]
) -> None:
    marts.add_organization(warehouse, "org_a")
    with run_mirroring(warehouse, people, clerk_secret_key=SecretStr("sk_test_wrong")) as api:
        assert sync(api)["error_code"] == "key_refused"
        assert status(api)["clerk_api_connected"] is False
        assert "sk_test" not in api.get(STATUS).text
    said = "".join(capfd.readouterr())
    assert "key_refused" in said
    assert "sk_test" not in said


def test_who_may_ask(api: Api) -> None:
    body = {"organization_id": "org_a"}
    assert api.client.post(SYNC, json=body).status_code == 401
    assert api.client.post(SYNC, json=body, headers=api.clerk.bearer("org_a")).status_code == 403
    admin = api.clerk.bearer("org_a", role="admin")
    for wrong in ("org_b", "org_none"):
        problem(api.client.post(SYNC, json={"organization_id": wrong}, headers=admin), 403)
    wrong_bodies: list[object] = [{}, {"organization_id": "org_a", "more": 1}, {"organization_id": ""}, []]
    for wrong_body in wrong_bodies:
        problem(api.client.post(SYNC, json=wrong_body, headers=admin), 422)
    problem(api.client.post(SYNC, content=b"{", headers=admin | {"Content-Type": "application/json"}), 400)
    problem(start(api, "org_gone"), 404)
    assert start(api).headers["x-ratelimit-limit"] == "100000"
