"""K reads, K rows, each with exactly the ids that were shown: at once, from the cache, when it is killed."""

import asyncio
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from serving.data.audit import RECORD
from serving.data.database import Database, DatabaseError
from tests.conftest import free_port
from tests.serving import marts
from tests.serving.conftest import Api, Clerk, run_api, settings_for, wait_for
from tests.serving.process import environment, is_ready
from tests.serving.routes import LIST, PATIENT, RISK
from warehouse.audit import verify
from warehouse.settings import Settings


def recorded(warehouse: Settings) -> dict[str, list[str]]:
    """Request id -> the ids that its row names."""
    with psycopg.connect(warehouse.url("owner")) as connection:
        rows = connection.execute("select request_id, patient_ids from app.audit_log").fetchall()
    assert len({row[0] for row in rows}) == len(rows)
    return dict(rows)


def fill(warehouse: Settings, *organization_ids: str) -> None:
    """Forty patients each."""
    marts.make_relations(warehouse)
    with psycopg.connect(warehouse.url("owner")) as connection:
        for organization_id in organization_ids:
            marts.add_organization(warehouse, organization_id, data_as_of=marts.days_ago(0.1))
            rows = [marts.master_row(organization_id, str(number)) for number in range(1, 41)]
            marts.insert(connection, "marts.patient_reengagement_master_view", rows)


@pytest.mark.parametrize("megabytes", [0, 16])
def test_many_at_once_are_written_down_one_by_one(warehouse: Settings, clerk: Clerk, megabytes: int) -> None:
    fill(warehouse, "org_a", "org_b")
    settings = settings_for(warehouse, clerk, api_cache_megabytes=megabytes)
    with run_api(settings, clerk) as api, ThreadPoolExecutor(16) as pool:

        def ask(number: int) -> tuple[str, list[str]]:
            name = "org_a" if number % 3 else "org_b"
            answer = api.get(
                LIST.format(name),
                name,
                params={"limit": number % 20 + 1},
                headers={"X-Request-Id": f"{name}-{number}"},
            )
            return f"{name}-{number}", [patient["id"] for patient in answer.json()["patients"]]

        shown = dict(pool.map(ask, range(300)))
    assert recorded(warehouse) == shown
    chains = verify(warehouse)
    assert [(chain.rows, chain.findings) for chain in chains] == [(200, []), (100, [])]


def count_commits(warehouse: Settings) -> int:
    with psycopg.connect(warehouse.url("owner")) as connection:
        row = connection.execute("select count(distinct xmin::text) from app.audit_log").fetchone()
    return int(row[0]) if row else 0


def row_of(organization_id: str, **more: Any) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "id": str(uuid.uuid4()),
        "actor": "user_1",
        "session_id": None,
        "role": "member",
        "route": "/",
        "patient_ids": ["1"],
        "query": {},
        "outcome": "shown",
        "request_id": uuid.uuid4().hex,
    } | more


def append_at_once(warehouse: Settings, rows: list[dict[str, Any]]) -> list[BaseException | None]:
    """Through the API's own appender; what each of them came to."""

    async def run() -> list[BaseException | None]:
        database = Database(warehouse.url("api"), 2)
        await database.open()
        try:
            audit = database.appender(RECORD)
            written = (audit.write(row["organization_id"], row) for row in rows)
            return await asyncio.gather(*written, return_exceptions=True)
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.fixture
def two_clinics(warehouse: Settings) -> Settings:
    for name in ("org_a", "org_b"):
        marts.add_organization(warehouse, name)
    return warehouse


def test_rows_that_wait_together_share_a_commit(two_clinics: Settings) -> None:
    rows = [row_of("org_b" if number % 2 else "org_a") for number in range(100)]
    assert append_at_once(two_clinics, rows) == [None] * 100
    assert recorded(two_clinics).keys() == {row["request_id"] for row in rows}
    assert count_commits(two_clinics) <= 3


def test_a_row_that_cannot_be_written_spoils_no_other(two_clinics: Settings) -> None:
    rows = [row_of("org_a"), row_of("org_a"), row_of("org_a", patient_ids=["\x00"]), row_of("org_b")]
    errors = append_at_once(two_clinics, rows)
    assert [type(error) for error in errors] == [type(None), type(None), DatabaseError, type(None)]
    assert recorded(two_clinics).keys() == {rows[place]["request_id"] for place in (0, 1, 3)}


def test_no_row_lands_with_another_organization(two_clinics: Settings) -> None:
    """What travels in one transaction is still isolated row by row."""
    smuggled = row_of("org_a") | {"organization_id": "org_b"}

    async def run() -> None:
        database = Database(two_clinics.url("api"), 2)
        await database.open()
        try:
            await database.appender(RECORD).write("org_a", smuggled)
        finally:
            await database.close()

    with pytest.raises(DatabaseError):
        asyncio.run(run())
    assert recorded(two_clinics) == {}


def test_a_row_that_is_sent_again_stands_once(two_clinics: Settings) -> None:
    row = row_of("org_a")
    assert append_at_once(two_clinics, [row, row_of("org_a"), row]) == [None] * 3
    assert append_at_once(two_clinics, [row]) == [None]
    (chain,) = verify(two_clinics, "org_a")
    assert (chain.rows, chain.findings) == (2, [])


def test_routes_that_name_nobody_write_nothing(clinic_api: Api, clinics: Settings) -> None:
    before = len(recorded(clinics))
    assert clinic_api.get(RISK.format("org_a")).status_code == 200
    assert clinic_api.get(PATIENT.format("org_a").replace("101", "999")).status_code in {404, 503}
    assert len(recorded(clinics)) == before


def test_killed_in_the_middle_nobody_has_seen_what_is_not_written_down(
    warehouse: Settings, clerk: Clerk
) -> None:
    """SIGKILL while twelve clients read: every answer that arrived has its row."""
    fill(warehouse, "org_a")
    shown: list[str] = []
    for _ in range(3):
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"],
            cwd=Path(__file__).parents[3],
            env=environment(warehouse, clerk, port),
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(partial(is_ready, port), 60)
            with ThreadPoolExecutor(12) as pool:
                url = f"http://127.0.0.1:{port}{LIST.format('org_a')}"
                readers = [pool.submit(read_until_it_ends, url, clerk.bearer(), shown) for _ in range(12)]
                wait_for(partial(has_come, shown, len(shown) + 60), 30)
                process.send_signal(signal.SIGKILL)
                for reader in readers:
                    reader.result()
        finally:
            process.kill()
            process.wait()
    rows = recorded(warehouse)
    assert len(set(shown)) == len(shown)
    assert set(shown) <= rows.keys()
    assert all(len(named) == 40 for named in rows.values())
    assert verify(warehouse, "org_a")[0].findings == []


def has_come(shown: list[str], at_least: int) -> bool:
    return len(shown) >= at_least


def read_until_it_ends(url: str, headers: dict[str, str], shown: list[str]) -> None:
    """Adds the request id of each answer that comes to `shown`, which the readers share."""
    with httpx.Client(timeout=10) as client:
        while True:
            try:
                answer = client.get(url, headers=headers)
            except httpx.TransportError:
                return
            assert answer.status_code == 200
            shown.append(answer.headers["x-request-id"])
