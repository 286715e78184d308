"""The database goes and comes back: 503 within a second, then answers again by itself."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.conftest import free_port
from tests.serving import marts
from tests.serving.checks import problem
from tests.serving.conftest import OPERATOR, Api, Clerk, run_api, settings_for, wait_for
from tests.serving.routes import LOG, RISK, ROUTES, SYNC, fill
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.embedded import EmbeddedPostgres
from warehouse.settings import Settings, ensure_secrets

OUTREACH = {"patient_id": "101", "method": "sms", "outcome": "success"}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Settings]:
    """A server of this test's own, because it is stopped."""
    secrets_file = ensure_secrets(tmp_path)
    settings = Settings(  # type: ignore[call-arg]
        home=tmp_path, postgres_port=free_port(), DATABASE_URL=None, _env_file=secrets_file
    )
    try:
        prepare_warehouse(settings)
        yield settings
    finally:
        embedded_server(settings).remove()


def ask(api: Api) -> int:
    return api.get(RISK.format("org_a")).status_code


def is_told_within_a_second(api: Api, method: str, path: str, *, takes_body: bool) -> None:
    """As the operator in the admin's seat, who may ask every route."""
    headers = api.clerk.bearer("org_a", role="admin", subject=OPERATOR)
    body = OUTREACH if "outreach" in path else {"organization_id": "org_a"}
    began = time.monotonic()
    place = fill(path.replace("{patient_id}", "101"))
    answer = api.client.request(method, place, headers=headers, json=body if takes_body else None)
    assert time.monotonic() - began < 1.5, path
    assert problem(answer, 503)["type"] == "urn:routiq:problem:unavailable", path
    assert int(answer.headers["retry-after"]) >= 1, path


def test_away_and_back(own_server: Settings, clerk: Clerk) -> None:
    marts.make_relations(own_server)
    marts.add_organization(own_server, "org_a", data_as_of=marts.days_ago(0.1))
    with run_api(settings_for(own_server, clerk), clerk) as api:
        assert ask(api) == 200
        embedded_server(own_server).stop()
        for method, path in (("GET", RISK), ("POST", SYNC), ("GET", RISK)):
            began = time.monotonic()
            headers = clerk.bearer("org_a", role="admin")
            answer = api.client.request(method, path.format("org_a"), headers=headers)
            assert time.monotonic() - began < 1.5
            problem(answer, 503)
            assert int(answer.headers["retry-after"]) >= 1
        for method, path, takes_body in ROUTES:
            if path not in {"/live", "/ready"}:
                is_told_within_a_second(api, method, path, takes_body=takes_body)
        assert api.client.get("/ready").status_code == 503
        assert api.client.get("/live").status_code == 200
        assert api.client.get(RISK.format("org_a")).status_code == 401
        embedded_server(own_server).start()
        wait_for(lambda: ask(api) == 200)
        assert [ask(api) for _ in range(20)] == [200] * 20


def test_a_restart_between_two_requests_is_not_noticed(own_server: Settings, clerk: Clerk) -> None:
    marts.make_relations(own_server)
    marts.add_organization(own_server, "org_a", data_as_of=marts.days_ago(0.1))
    with run_api(settings_for(own_server, clerk), clerk) as api:
        assert ask(api) == 200
        embedded_server(own_server).stop()
        embedded_server(own_server).start()
        assert [ask(api) for _ in range(10)] == [200] * 10


def test_what_was_answered_survives_a_crash(own_server: Settings, clerk: Clerk) -> None:
    """The whole server is killed right after the answer; the row is there, and the key is known."""
    marts.make_relations(own_server)
    marts.add_organization(own_server, "org_a", data_as_of=marts.days_ago(0.1))
    with psycopg.connect(own_server.url("owner")) as connection:
        marts.insert(connection, "marts.dim_patients", [marts.patient_row("org_a", "101")])
    server = embedded_server(own_server)
    with run_api(settings_for(own_server, clerk), clerk) as api:

        def log(key: str) -> httpx.Response:
            headers = clerk.bearer("org_a") | {"Idempotency-Key": key}
            return api.client.post(LOG.format("org_a"), headers=headers, json=OUTREACH)

        processes = everything_of(server)
        answers = [log(f"{number}") for number in range(3)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=10)
        assert [answer.status_code for answer in answers] == [201] * 3
        server.start()
        wait_for(lambda: ask(api) == 200)
        assert [log(f"{number}").json() for number in range(3)] == [answer.json() for answer in answers]
    with psycopg.connect(own_server.url("owner")) as connection:
        logged = connection.execute("select count(*) from app.outreach_log").fetchone()
        audited = connection.execute(
            "select count(*) from app.audit_log where action = 'log_outreach'"
        ).fetchone()
    assert (logged, audited) == ((3,), (6,))


def everything_of(server: EmbeddedPostgres) -> list[psutil.Process]:
    """The server and all it has started, it first, so that it starts no more."""
    main = psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))
    return [main, *main.children(recursive=True)]


def test_nothing_built_yet_is_not_loaded_yet(warehouse: Settings, clerk: Clerk) -> None:
    marts.add_organization(warehouse, "org_a", data_as_of=marts.days_ago(0.1))
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        body = problem(api.get(RISK.format("org_a")), 503)
    assert body["type"] == "urn:routiq:problem:not-loaded"
