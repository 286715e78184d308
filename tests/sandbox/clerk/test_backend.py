"""The sandbox's Backend API: keys, pages, refusals and faults as Clerk has them; the demo's staff in it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.clinics import CLINICS
from demo.staff import write_directory
from sandbox.clerk.directory import Member, Organization
from tests.serving.conftest import CLERK_KEY, Clerk, run_clerk


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    with run_clerk(tmp_path) as clerk:
        yield clerk


def get(clerk: Clerk, path: str, *, key: str = CLERK_KEY, **parameters: Any) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{clerk.url}/v1/{path}", params=parameters, headers=bearer)


def put(clerk: Clerk, organization_id: str, *user_ids: str) -> None:
    members = [Member(user_id=user_id) for user_id in user_ids]
    body = Organization(id=organization_id, name="Clinic", members=members).model_dump()
    assert httpx.put(f"{clerk.url}/_sandbox/organizations", json=body).status_code == 204


def test_lists_come_in_pages_with_the_count_of_all(clerk: Clerk) -> None:
    put(clerk, "org_a", *(f"user_{number}" for number in range(25)))
    first = get(clerk, "organizations/org_a/memberships").json()
    assert (len(first["data"]), first["total_count"]) == (10, 25)
    last = get(clerk, "organizations/org_a/memberships", limit=10, offset=20).json()
    assert [one["public_user_data"]["user_id"] for one in last["data"]] == [
        f"user_{n}" for n in range(20, 25)
    ]
    found = get(clerk, "users", user_id=["user_3", "user_x", "user_1"]).json()
    assert [user["id"] for user in found] == ["user_1", "user_3"]
    path = f"{clerk.url}/_sandbox/organizations/org_a/members/user_0"
    assert httpx.delete(path).status_code == 204
    assert get(clerk, "organizations/org_a/memberships").json()["total_count"] == 24


@pytest.mark.parametrize(
    ("path", "parameters", "status", "code"),
    [
        ("organizations/org_a", {"key": "sk_test_wrong"}, 401, "secret_key_invalid"),
        ("organizations/org_x", {}, 404, "resource_not_found"),
        ("organizations/org_a/memberships", {"limit": 501}, 422, "form_param_value_invalid"),
        ("organizations/org_a/memberships", {"offset": -1}, 422, "form_param_value_invalid"),
        ("users", {"user_id": ["user_1"] * 101}, 422, "form_param_value_invalid"),
    ],
)
def test_what_it_refuses(clerk: Clerk, path: str, parameters: dict[str, Any], status: int, code: str) -> None:
    put(clerk, "org_a")
    answer = get(clerk, path, **parameters)
    assert answer.status_code == status
    (fault,) = answer.json()["errors"]
    assert fault["code"] == code
    assert fault.keys() == {"message", "long_message", "code"}


def test_faults_are_met_as_often_as_ordered(clerk: Clerk) -> None:
    put(clerk, "org_a")
    order = {"status": 429, "retry_after": 7, "times": 1, "after": 1}
    httpx.post(f"{clerk.url}/_sandbox/faults", json=order)
    answers = [get(clerk, "organizations/org_a") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1].headers["retry-after"] == "7"


def test_the_staff_of_the_demo_does_not_exist(tmp_path: Path) -> None:
    write_directory(tmp_path / "directory.json", "user_demo_operator")
    found = [
        Organization.model_validate(one) for one in json.loads((tmp_path / "directory.json").read_text())
    ]
    assert [one.id for one in found] == [clinic.organization_id for clinic in CLINICS]
    assert all(any(member.role == "admin" for member in one.members) for one in found)
    addresses = [member.email or "" for one in found for member in one.members]
    assert all(re.fullmatch(r"[a-z.]+@example\.com", address) for address in addresses)
