"""How the feeds of an organization are, live from the ledger of runs."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.dbt_project.clinic import NOON, Clinic, days
from warehouse.settings import Settings

HOUR = timedelta(hours=1)


class Ledger:
    """Writes runs into the ledger as ingestion does; an organization of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clinic = Clinic(settings, f"org_{uuid.uuid4().hex[:8]}")
        self._execute(
            "insert into app.organizations (organization_id, name) values (%s, 'Ledger')",
            self.organization_id,
        )

    @property
    def organization_id(self) -> str:
        return self.clinic.organization_id

    def run(self, finished_at: datetime, status: str, feeds: dict[str, str], **counts: object) -> None:
        run_id = uuid.uuid4()
        self._execute(
            "insert into app.sync_runs (organization_id, id, status, requested_by, finished_at)"
            " values (%s, %s, %s, 'test', %s)",
            self.organization_id,
            run_id,
            status,
            finished_at,
        )
        columns = "".join(f", {name}" for name in counts)
        for feed, outcome in feeds.items():
            self._execute(
                "insert into app.sync_run_feeds"
                f" (organization_id, sync_run_id, feed, status, started_at{columns})"
                f" values (%s, %s, %s, %s, %s{', %s' * len(counts)})",
                *(self.organization_id, run_id, feed, outcome, finished_at - HOUR, *counts.values()),
            )

    def publish(self, data_as_of: datetime) -> None:
        self._execute(
            "insert into app.publications values (%s, 1, %s, %s)"
            " on conflict (organization_id) do update set data_as_of = excluded.data_as_of",
            *(self.organization_id, data_as_of, data_as_of),
        )

    def quarantine(self, feed: str, resolved_at: datetime | None = None, effect: str = "refused") -> None:
        self._execute(
            "insert into app.quarantine"
            " (organization_id, sync_run_id, feed, record_id, reason, seen_at, resolved_at, effect)"
            " values (%s, gen_random_uuid(), %s, '1', 'type', %s, %s, %s)",
            *(self.organization_id, feed, NOON, resolved_at, effect),
        )

    def health(self, as_of: datetime = NOON) -> dict[str, dict[str, Any]]:
        rows = self.clinic.ask("select * from marts.sync_health", as_of)
        return {row["feed"]: row for row in rows}

    def _execute(self, query: str, *values: object) -> None:
        with psycopg.connect(self.settings.url("owner")) as connection:
            connection.execute(query, values)


@pytest.fixture
def ledger(built: Settings) -> Ledger:
    return Ledger(built)


def test_the_last_run_of_each_feed(ledger: Ledger) -> None:
    ledger.run(NOON - days(2), "succeeded", {"patients": "succeeded", "invoices": "succeeded"}, rows_read=10)
    ledger.run(NOON - days(1), "succeeded", {"patients": "succeeded", "invoices": "forbidden"}, rows_read=3)
    ledger.run(NOON, "failed", {"patients": "failed"}, rows_read=1, requests=4, rate_limit_waits=2)
    ledger.publish(NOON - days(1))
    health = ledger.health()
    assert set(health) == {"patients", "invoices"}
    patients, invoices = health["patients"], health["invoices"]
    assert (patients["status"], patients["rows_read"], patients["requests"]) == ("failed", 1, 4)
    assert (patients["rate_limit_waits"], patients["started_at"]) == (2, NOON - HOUR)
    assert (invoices["status"], invoices["rows_read"]) == ("forbidden", 3)


def test_the_age_of_the_data_is_that_of_the_last_published_read(ledger: Ledger) -> None:
    ledger.run(NOON - days(3), "succeeded", {"patients": "succeeded", "invoices": "succeeded"})
    ledger.run(NOON - days(2), "succeeded", {"patients": "succeeded", "invoices": "forbidden"})
    ledger.run(NOON - days(1), "failed", {"patients": "succeeded", "attendees": "failed"})
    ledger.run(NOON, "succeeded", {"patients": "succeeded"})  # not published yet
    ledger.publish(NOON - days(2))
    health = ledger.health()
    assert {feed: row["data_as_of"] for feed, row in health.items()} == {
        "patients": NOON - days(2),
        "invoices": NOON - days(3),
        "attendees": None,
    }
    assert {feed: row["data_age_seconds"] for feed, row in health.items()} == {
        "patients": 2 * 86_400,
        "invoices": 3 * 86_400,
        "attendees": None,
    }
    assert ledger.health(NOON - days(5))["patients"]["data_age_seconds"] == 0


def test_a_feed_that_could_not_be_read_keeps_its_age_and_says_why(ledger: Ledger) -> None:
    ledger.run(NOON - days(2), "succeeded", {"patients": "succeeded", "invoices": "succeeded"})
    why = {"error_code": "server_error", "error_detail": "503, five times", "note": "a filter left out"}
    ledger.run(NOON - days(1), "incomplete", {"invoices": "unavailable"}, **why)
    ledger.run(NOON - HOUR, "incomplete", {"patients": "succeeded"}, rows_blanked=2)
    ledger.publish(NOON - HOUR)
    health = ledger.health()
    patients, invoices = health["patients"], health["invoices"]
    assert (invoices["status"], invoices["data_as_of"]) == ("unavailable", NOON - days(2))
    assert {name: invoices[name] for name in why} == why
    assert (patients["data_as_of"], patients["rows_blanked"]) == (NOON - HOUR, 2), "incomplete runs count"


def test_open_quarantine_is_counted_by_feed(ledger: Ledger) -> None:
    ledger.run(NOON, "succeeded", {"patients": "succeeded", "invoices": "succeeded"}, rows_quarantined=2)
    ledger.quarantine("patients")
    ledger.quarantine("patients")
    ledger.quarantine("patients", resolved_at=NOON)
    ledger.quarantine("patients", effect="blanked")
    ledger.quarantine("patients", NOON, effect="blanked")
    health = ledger.health().items()
    assert {feed: row["quarantined_open"] for feed, row in health} == {"patients": 2, "invoices": 0}
    assert {feed: row["blanked_open"] for feed, row in health} == {"patients": 1, "invoices": 0}
    assert ledger.health()["patients"]["rows_quarantined"] == 2


def test_which_records_wait_in_quarantine_is_not_for_the_api(ledger: Ledger) -> None:
    ledger.quarantine("patients")
    assert ledger.clinic.ask("select feed from app.quarantine") == [{"feed": "patients"}]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ledger.clinic.ask("select record_id from app.quarantine")


def test_nobody_sees_another_clinics_feeds(ledger: Ledger, built: Settings) -> None:
    ledger.run(NOON, "succeeded", {"patients": "succeeded"})
    assert Ledger(built).health() == {}
