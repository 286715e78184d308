"""What any web page could do to a Dagster without a door, tried over HTTP against the app of `routiq up`.

Each attack asks to set a limit of Dagster's instance, which needs no code location; the table tells whether
it came through. All of them did with `dagster-webserver`.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from orchestration.instance import dagster_environment
from orchestration.settings import DAGSTER_USER
from orchestration.web.door import GUESSES, GUESSES_SECONDS, Door, Guesses
from tests.browser import seen_signed_in
from tests.conftest import free_port
from tests.processes import python_module
from warehouse.settings import Settings

PASSWORD = "a-password-of-the-test"
LOGIN = (DAGSTER_USER, PASSWORD)
SET_LIMIT = 'mutation { setConcurrencyLimit(concurrencyKey: "attacked", limit: 7) }'
QUERY = {"query": "{ version }"}


@contextmanager
def running(settings: Settings, **more: str) -> Iterator[str]:
    port = free_port()
    environment = {
        **dagster_environment(settings),
        "ROUTIQ_DAGSTER_PORT": str(port),
        "ROUTIQ_DAGSTER_PASSWORD": PASSWORD,
        "ROUTIQ_DAGSTER_HOSTS": "dagster.example.com, other.example.com:8443",
        **more,
    }
    address = f"http://127.0.0.1:{port}"
    with python_module("orchestration.web", answers_at=address, environment=environment):
        yield address


@pytest.fixture(scope="module")
def address(dagster_warehouse: Settings) -> Iterator[str]:
    with running(dagster_warehouse) as address:
        yield address


@pytest.fixture
def browser(address: str) -> Iterator[httpx.Client]:
    """As the operator's browser sends: signed in, since it does that by itself for every page's requests."""
    with httpx.Client(base_url=address, auth=LOGIN, timeout=30) as client:
        yield client


@pytest.fixture(autouse=True)
def nothing_changed(dagster_warehouse: Settings) -> Iterator[None]:
    yield
    assert not limits(dagster_warehouse)


def limits(settings: Settings) -> list[tuple[Any, ...]]:
    """The limits that were set, which are taken away again."""
    with psycopg.connect(settings.url("owner")) as connection:
        forget = (
            "delete from dagster.concurrency_limits where concurrency_key = 'attacked' returning \"limit\""
        )
        return connection.execute(forget).fetchall()


def test_the_operator_comes_in_and_may_change_things(
    browser: httpx.Client, dagster_warehouse: Settings
) -> None:
    page = browser.get("/", headers={"sec-fetch-site": "none", "sec-fetch-mode": "navigate"})
    assert page.status_code == 200
    assert "__NEXT_DATA__" in page.text
    own = {"origin": str(browser.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    assert "data" in browser.post("/graphql", json=QUERY, headers=own).json()
    assert browser.post("/graphql", json={"query": SET_LIMIT}, headers=own).status_code == 200
    assert limits(dagster_warehouse) == [(7,)]


@pytest.mark.parametrize("path", ["/graphql", "/graphql%0A", "/%67raphql"])
def test_nothing_is_run_by_get(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path, params={"query": SET_LIMIT})
    assert answer.status_code == 405
    assert "data" not in answer.text
    assert browser.get(path, params=QUERY).status_code == 405


def test_the_query_page_is_there_and_runs_nothing(browser: httpx.Client) -> None:
    page = browser.get("/graphql", params={"query": SET_LIMIT}, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "graphiql" in page.text.lower()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "",
    ],
)
def test_only_json_is_taken(browser: httpx.Client, kind: str) -> None:
    for content in (SET_LIMIT, f'{{"query": {SET_LIMIT!r}}}'.replace("'", '"')):
        answer = browser.post(
            "/graphql", params={"query": SET_LIMIT}, content=content, headers={"content-type": kind}
        )
        assert answer.status_code == 415


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example.com"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"origin": "ftp://HOST"},
        {"origin": "http://HOST.evil.example.com"},
        {"origin": "http://operator@HOST"},
        {"origin": "http://[HOST"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_no_other_page_can_send(browser: httpx.Client, headers: dict[str, str]) -> None:
    host = f"{browser.base_url.host}:{browser.base_url.port}"
    sent = {name: value.replace("HOST", host) for name, value in headers.items()}
    assert browser.post("/graphql", json={"query": SET_LIMIT}, headers=sent).status_code == 403


def test_a_link_leads_to_a_page_but_not_to_data_nor_into_a_frame(browser: httpx.Client) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser.get("/runs", headers=link).status_code == 200
    assert browser.get("/graphql", headers={**link, "accept": "text/html"}).status_code == 403
    assert browser.get("/runs", headers={**link, "sec-fetch-dest": "iframe"}).status_code == 403
    assert browser.get("/runs", headers={**link, "sec-fetch-mode": "no-cors"}).status_code == 403


def test_it_answers_to_its_own_names_alone(browser: httpx.Client) -> None:
    port = browser.base_url.port
    names = {
        f"localhost:{port}": 200,
        f"LocalHost:{port}": 200,
        "dagster.example.com": 200,
        "other.example.com:8443": 200,
        "other.example.com": 421,
        "localhost": 421,
        f"127.0.0.1.evil.example.com:{port}": 421,
        f"evil.example.com:{port}": 421,
    }
    for name, status in names.items():
        assert browser.post("/graphql", json=QUERY, headers={"host": name}).status_code == status, name
    same = {"host": "dagster.example.com", "origin": "https://dagster.example.com"}
    assert browser.post("/graphql", json=QUERY, headers=same).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/graphql", "/server_info", "/favicon.ico", "/logs/a/b.err", "/nothing"]
)
def test_nothing_is_shown_without_the_login(address: str, path: str) -> None:
    answer = httpx.get(address + path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "value", ["", "Basic", "Basic !", "Bearer " + PASSWORD, "Basic b3BlcmF0b3I6", "Basic \xfc\xfc"]
)
def test_another_login_is_none(value: str) -> None:
    status, _ = ask_door(Door(nowhere, hosts=frozenset({"h"}), password=PASSWORD), value.encode("latin-1"))
    assert status == 401


def test_guessing_is_slow() -> None:
    now = 0.0
    door = Door(nowhere, hosts=frozenset({"h"}), password=PASSWORD)
    door.guesses = Guesses(lambda: now)
    right = httpx.BasicAuth(*LOGIN)._auth_header.encode()
    for _ in range(GUESSES):
        assert ask_door(door, b"Basic b3BlcmF0b3I6")[0] == 401
    status, headers = ask_door(door, right)
    assert (status, headers[b"retry-after"]) == (429, str(GUESSES_SECONDS).encode())
    assert ask_door(door, None)[0] == 401, "who says nothing is asked, not counted"
    now = GUESSES_SECONDS + 1
    assert ask_door(door, right)[0] == 204


async def nowhere(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def ask_door(door: Door, authorization: bytes | None) -> tuple[int, dict[bytes, bytes]]:
    """One request to a door that has a clock of its own."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    headers = [(b"host", b"h")] + ([(b"authorization", authorization)] if authorization is not None else [])
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    asyncio.run(door(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"])


def test_answers_let_no_other_page_read_or_frame_them(browser: httpx.Client) -> None:
    for path in ("/", "/favicon.ico", "/server_info", "/nothing"):
        headers = browser.get(path, headers={"origin": str(browser.base_url).rstrip("/")}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers.get_list("content-security-policy")[-1]
        assert not [name for name in headers if name.startswith("access-control-")]
        assert "server" not in headers


def test_a_preflight_allows_nothing(address: str) -> None:
    asked = {"origin": "https://evil.example.com", "access-control-request-method": "POST"}
    answer = httpx.options(address + "/graphql", headers=asked)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def socket(address: str, login: tuple[str, str] | None, **headers: str) -> str:
    """Open the WebSocket of the subscriptions and say hello; what is answered, or a refusal's status."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if login:
        sent["authorization"] = httpx.BasicAuth(*login)._auth_header
    origin = sent.pop("origin", None)
    try:
        with connect(
            address.replace("http:", "ws:") + "/graphql",
            subprotocols=[Subprotocol("graphql-ws")],
            origin=Origin(origin) if origin else None,
            additional_headers=sent,
        ) as opened:
            opened.send('{"type": "connection_init"}')
            return str(opened.recv(timeout=10))
    except InvalidStatus as error:
        return str(error.response.status_code)


def test_a_websocket_is_for_the_operators_own_page(address: str) -> None:
    assert "connection_ack" in socket(address, LOGIN, origin=address)
    assert socket(address, LOGIN, origin="https://evil.example.com") == "403"
    assert socket(address, LOGIN, sec_fetch_site="cross-site") == "403"
    assert socket(address, None, origin=address) == "403"
    assert socket(address, (DAGSTER_USER, "wrong"), origin=address) == "403"


def test_a_browser_gets_the_pages_and_is_asked_for_nothing_but_the_login(
    browser: httpx.Client, address: str
) -> None:
    text, handshakes = seen_signed_in(f"{address}/runs", *LOGIN, expected="No runs")
    assert "101" in handshakes
    assert "email" not in text.lower()
    assert "newsletter" not in text.lower()
    asked = browser.post("/graphql", json={"query": "{ shouldShowNux }"}).json()
    assert asked == {"data": {"shouldShowNux": False}}


def test_read_only_shows_everything_and_changes_nothing(dagster_warehouse: Settings) -> None:
    with (
        running(dagster_warehouse, ROUTIQ_DAGSTER_READ_ONLY="1") as address,
        httpx.Client(base_url=address, auth=LOGIN, timeout=30) as client,
    ):
        assert "data" in client.post("/graphql", json=QUERY).json()
        for query in (SET_LIMIT, f"query a {{ version }} {SET_LIMIT.replace('mutation', 'mutation b')}"):
            answer = client.post("/graphql", json={"query": query, "operationName": None})
            assert answer.status_code == 403
            assert "ROUTIQ_DAGSTER_READ_ONLY" in answer.text
        reported = client.post("/report_asset_materialization/cliniko/patients", json={"metadata": {}})
        assert reported.status_code == 403
        rights = client.post("/graphql", json={"query": "{ permissions { permission value } }"}).json()
        assert not any(one["value"] for one in rights["data"]["permissions"])


def test_without_a_password_it_does_not_start(dagster_warehouse: Settings) -> None:
    environment = {**os.environ, **dagster_environment(dagster_warehouse), "ROUTIQ_DAGSTER_PASSWORD": ""}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.web"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
