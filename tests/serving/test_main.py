"""`python -m serving` as a person or a supervisor meets it."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.conftest import free_port
from tests.serving import marts
from tests.serving.conftest import Clerk, wait_for
from tests.serving.process import environment, is_ready, run
from tests.serving.routes import ACTIVE
from warehouse.settings import Settings

SLOW = """
alter table marts.active_patients rename to hidden;
create view marts.active_patients with (security_invoker = true) as
    select hidden.* from marts.hidden, (select pg_sleep(1)) as slept;
grant select on marts.active_patients to routiq_api;
"""


def test_help_needs_no_settings() -> None:
    shown = run("--help", environment={"PATH": os.environ["PATH"]})
    assert shown.returncode == 0
    assert "ROUTIQ_API_PORT" in shown.stdout


def test_a_taken_port_names_its_setting(warehouse: Settings, clerk: Clerk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run(environment=environment(warehouse, clerk, port))
    assert refused.returncode == 1
    assert "set ROUTIQ_API_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_missing_settings_are_named_and_no_secret_shown(warehouse: Settings, clerk: Clerk) -> None:
    lacking = environment(warehouse, clerk, free_port())
    del lacking["ROUTIQ_CLERK_ISSUER"]
    refused = run(environment=lacking)
    assert refused.returncode == 2
    assert "missing or wrong: ROUTIQ_CLERK_ISSUER\n" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert warehouse.api_password.get_secret_value() not in refused.stderr


def test_settings_that_are_wrong_are_named_as_they_are_set(warehouse: Settings, clerk: Clerk) -> None:
    wrong = environment(warehouse, clerk, 0) | {"ROUTIQ_API_POOL_SIZE": "0"}
    refused = run(environment=wrong)
    assert refused.returncode == 2
    assert "missing or wrong: ROUTIQ_API_POOL_SIZE, ROUTIQ_API_PORT\n" in refused.stderr


@pytest.fixture
def slow_warehouse(warehouse: Settings) -> Settings:
    """Its list of active patients takes a second."""
    marts.make_relations(warehouse)
    marts.add_organization(warehouse, "org_a", data_as_of=marts.days_ago(0.1))
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(SLOW)
    return warehouse


def test_a_stop_lets_requests_in_flight_finish(slow_warehouse: Settings, clerk: Clerk) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "serving"],
        cwd=Path(__file__).parents[2],
        env=environment(slow_warehouse, clerk, port),
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: is_ready(port), 60)
        with ThreadPoolExecutor(1) as pool:
            url = f"http://127.0.0.1:{port}{ACTIVE.format('org_a')}"
            asked = pool.submit(httpx.get, url, headers=clerk.bearer(), timeout=20)
            wait_for(lambda: is_asking(slow_warehouse))
            process.send_signal(signal.SIGTERM)
            assert asked.result().status_code == 200
        assert process.wait(20) in {0, -signal.SIGTERM}
    finally:
        process.kill()
        process.wait()


def is_asking(warehouse: Settings) -> bool:
    with psycopg.connect(warehouse.url("admin")) as connection:
        found = connection.execute(
            "select from pg_stat_activity where usename = 'routiq_api' and wait_event = 'PgSleep'"
        ).fetchone()
    return found is not None
