"""Who may ask: key, User-Agent, permissions, and what stands on every answer."""

import base64
import ssl
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from tests.sandbox.cliniko.clinic_files import AGENT, Api, record, served, write_clinic


@pytest.fixture(scope="module")
def address(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("clinics")
    people = {"patients": [record("patients", 11, first_name="Ada", last_name="Invented")]}
    others = {"patients": [record("patients", 22, first_name="Bea", last_name="Invented")]}
    forbidden = 'forbidden = ["treatment_notes", "users", "settings"]\n'
    flipped = "[choices]\nuser_agent_status = 401\n"
    with served(
        server,
        *[
            write_clinic(root / "open", people),
            write_clinic(root / "shut", others, toml=forbidden),
            write_clinic(root / "flipped", {}, toml=flipped),
        ],
    ) as address:
        yield address


def ask(address: str, path: str, authorization: str | None, agent: str | None = AGENT) -> httpx.Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    with httpx.Client(headers=headers, verify=ssl.SSLContext()) as client:
        if agent is None:
            del client.headers["User-Agent"]
        else:
            client.headers["User-Agent"] = agent
        return client.get(f"{address}/v1/{path}")


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize("user", ["key-open-au2:", "key-open:", "key-open-au2", "key-open"])
def test_the_key_opens_with_and_without_shard_and_colon(address: str, user: str) -> None:
    assert ask(address, "patients", basic(user)).json()["patients"][0]["id"] == "11"


def test_the_key_chooses_the_clinic(address: str) -> None:
    assert ask(address, "patients", basic("key-shut-au2:")).json()["patients"][0]["id"] == "22"


@pytest.mark.parametrize(
    "authorization",
    [None, "", basic("other-au2:"), basic("key-open-au1:"), "Basic %%%", "Bearer key-open"],
)
def test_a_bad_or_missing_key_is_401(address: str, authorization: str | None) -> None:
    answer = ask(address, "patients", authorization)
    assert answer.status_code == 401
    assert answer.text == "HTTP Basic: Access denied."


@pytest.mark.parametrize("agent", [None, "python-httpx/0.28", "routiq (no contact)", "@"])
def test_a_user_agent_without_contact_is_blocked(address: str, agent: str | None) -> None:
    assert ask(address, "patients", basic("key-open:"), agent).status_code == 403
    assert ask(address, "patients", basic("key-flipped:"), agent).status_code == 401


@pytest.mark.parametrize("path", ["patients", "nothing", "patients/99", "patients?q[]=x:1"])
def test_every_answer_has_the_servers_date(address: str, path: str) -> None:
    date = ask(address, path, basic("key-open:")).headers["Date"]
    now = Api(address, "open").control.get("/now").json()["now"]
    assert date.endswith("GMT")
    assert abs((parsedate_to_datetime(date) - datetime.fromisoformat(now)).total_seconds()) < 5


@pytest.mark.parametrize("path", ["treatment_notes", "treatment_notes/1", "users", "settings"])
def test_what_the_keys_user_may_not_see_is_403(address: str, path: str) -> None:
    assert Api(address, "shut").get(path).status_code == 403
    assert Api(address, "open").get(path).status_code in {200, 404}


@pytest.mark.parametrize("path", ["user", "settings/public", "patients"])
def test_every_role_may_see_these(address: str, path: str) -> None:
    assert Api(address, "shut").get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "payments"),
        ("GET", "patients/1/appointments"),
        ("GET", "patients/abc"),
        ("POST", "invoices"),
        ("POST", "individual_appointments/1/cancel"),
        ("PUT", "patients/11"),
        ("GET", ""),
    ],
)
def test_unknown_routes_and_methods_are_html(address: str, method: str, path: str) -> None:
    answer = Api(address, "open").client.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
