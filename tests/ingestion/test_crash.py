"""Killed at any point, a run loses nothing, doubles nothing, and the next one takes over at once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from ingestion.retention import delete_unaccepted
from tests.ingestion.clinics import patient
from tests.ingestion.conftest import Account, AccountMaker
from warehouse.settings import SECRET_NAMES

ROUTIQ = Path(sys.executable).with_name("routiq")
PATIENTS = [patient(number) for number in range(1, 501)]


def begin(account: Account) -> subprocess.Popen[bytes]:
    """`routiq sync`, in a process of its own."""
    settings = account.settings
    secrets = {
        name: getattr(settings, name.removeprefix("ROUTIQ_").lower()).get_secret_value()
        for name in SECRET_NAMES
    }
    environment = {
        **os.environ,
        **secrets,
        "ROUTIQ_HOME": str(settings.home),
        "ROUTIQ_POSTGRES_PORT": str(settings.postgres_port),
        "ROUTIQ_DATABASE_NAME": settings.database_name,
    }
    return subprocess.Popen(
        [str(ROUTIQ), "sync", account.organization_id, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    beat = threading.Event()
    for _ in range(3000):
        if is_so():
            return
        beat.wait(0.02)
    raise AssertionError("it did not happen within a minute")


@contextmanager
def locked(account: Account, table: str) -> Iterator[Callable[[], bool]]:
    """Nobody can write to the table; yields a function that tells whether somebody tries to."""
    with psycopg.connect(account.settings.url("owner")) as connection:
        connection.execute(f"lock table {table} in exclusive mode")

        def is_awaited() -> bool:
            waiting = account.query(
                "select from pg_locks where not granted and relation = %(table)s::regclass", table=table
            )
            return bool(waiting)

        yield is_awaited


def kill(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("table", ["raw_cliniko.patients", "app.loads"])
def test_killed_while_it_loads_and_while_it_accepts(open_account: AccountMaker, table: str) -> None:
    account = open_account(patients=PATIENTS)
    with locked(account, table) as is_awaited:
        process = begin(account)
        until(is_awaited)
        kill(process)
    taken_over(account)


def test_killed_while_it_reads(open_account: AccountMaker) -> None:
    account = open_account(patients=PATIENTS)
    account.control.fault("slow", path="patients", page=3, seconds=60.0)
    process = begin(account)
    until(lambda: bool(account.query("select from app.sync_run_feeds where pages_done >= 2")))
    kill(process)
    account.control.heal()
    taken_over(account)


def taken_over(account: Account) -> None:
    """The next sync does not wait, reads everything, and what the killed one left is deleted."""
    account.sync()
    assert len(account.current("patients")) == 500
    accepted = account.query(
        "select count(*) as n from raw_cliniko.patients join app.loads on load_id = _dlt_load_id"
    )
    assert accepted == [{"n": 500}]
    runs = account.query("select status, error_code from app.sync_runs order by requested_at")
    assert runs == [
        {"status": "failed", "error_code": "lease_expired"},
        {"status": "succeeded", "error_code": None},
    ]
    delete_unaccepted(account.settings)
    assert account.query("select count(*) as n from raw_cliniko.patients") == [{"n": 500}]
    assert not list((account.settings.home / "dlt").iterdir())


def test_two_organizations_load_side_by_side(open_account: AccountMaker) -> None:
    accounts = [open_account(name, patients=PATIENTS) for name in ("harbour", "meadow")]
    for process in [begin(account) for account in accounts]:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    for account in accounts:
        assert len(account.current("patients")) == 500
        own = account.query(
            "select count(*) as n from raw_cliniko.patients where organization_id = %(organization)s"
        )
        assert own == [{"n": 500}]
