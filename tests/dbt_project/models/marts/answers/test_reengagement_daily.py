"""Trends are exact: each day of `reengagement_daily` is what the other marts said at that day's end.

Clinics are drawn by lot, in zones that change their clocks; the marts are asked with their clock frozen at
the last microsecond of each day.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import build
from serving.features.channels import METHODS
from tests.dbt_project.clinic import NOON, Clinic, as_api
from tests.dbt_project.drawn import ZONES, Drawn, draw_businesses
from warehouse.settings import Settings

DAY = timedelta(days=1)
LEVELS = ("critical", "high", "medium", "low", "engaged")
STAYED = {f"org_{number}": ZONES[number % len(ZONES)] for number in range(20)}
MOVED: dict[str, list[tuple[str, float, float | None]]] = {
    "org_moved_on": [("America/Los_Angeles", 700, 200)] * 2 + [("Pacific/Auckland", 100, None)] * 2,
    "org_moved_and_back": [("Australia/Sydney", 300, 150)] * 2,
}
MASTER = """
select patient_id, risk_level, last_contact_at, days_since_last_contact, total_lifetime_appointments,
    upcoming_appointment_count
from marts.patient_reengagement_master_view
"""
CREDITED = "select patient_id, outreach_on, booked_on from marts.bookings_attributed"
LOGGED = "select patient_id, method, outcome, occurred_at from marts.outreach_as_of"
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def clinics(module_warehouse: Settings) -> dict[str, Clinic]:
    zones = STAYED | dict.fromkeys(MOVED, "Europe/London")
    clinics = {name: Clinic(module_warehouse, name, zone).create() for name, zone in zones.items()}
    for seed, clinic in enumerate(clinics.values(), start=1):
        draw_businesses(clinic, *MOVED.get(clinic.organization_id, []))
        Drawn(clinic, seed).draw()
        clinic.accept()
    result = build(module_warehouse)
    assert (len(result.published), result.held_back) == (len(clinics), {})
    return clinics


class Asked:
    """A clinic's trends, and its other marts at the end of any day."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self.connection = connection
        self.daily: dict[date, dict[str, Any]] = {
            row["day"]: row for row in self.ask("select * from marts.reengagement_daily", NOON)
        }
        self.today = max(self.daily)
        self.zone = ZoneInfo(self.ask("select time_zone from marts.dim_organizations", NOON)[0]["time_zone"])

    def ask(self, query: str, as_of: datetime) -> Rows:
        self.connection.execute(sql.SQL("set local app.as_of = {}").format(sql.Literal(as_of.isoformat())))
        return self.connection.execute(query).fetchall()

    def end(self, day: date) -> datetime:
        if day == self.today:
            return NOON
        midnight = datetime.combine(day + DAY, time(), self.zone)
        return midnight.astimezone(UTC) - timedelta(microseconds=1)

    def told(self, *columns: str) -> Iterator[tuple[date, dict[str, int]]]:
        for day, row in sorted(self.daily.items()):
            yield day, {column: row[column] for column in columns}


@pytest.fixture(params=[*STAYED, *MOVED])
def asked(request: pytest.FixtureRequest, clinics: dict[str, Clinic]) -> Iterator[Asked]:
    clinic = clinics[request.param]
    with as_api(clinic.settings, clinic.organization_id) as connection:
        yield Asked(connection)


def at_risk(master: Rows) -> set[str]:
    return {row["patient_id"] for row in master if row["risk_level"] in {"critical", "high"}}


def waiting(master: Rows) -> set[str]:
    """Who attended before, has not been in contact for 30 days and has nothing booked."""
    return {
        row["patient_id"]
        for row in master
        if row["total_lifetime_appointments"] > 0
        and row["days_since_last_contact"] >= 30
        and row["upcoming_appointment_count"] == 0
    }


def test_risk_is_that_of_the_master_view_at_each_days_end(asked: Asked) -> None:
    before_at = asked.end(min(asked.daily) - DAY)
    before = asked.ask(MASTER, before_at)
    expected = []
    for day in sorted(asked.daily):
        now = asked.ask(MASTER, asked.end(day))
        levels = Counter(row["risk_level"] for row in now)
        touched = {row["patient_id"] for row in now if row["last_contact_at"] > before_at}
        counts = {level: levels[level] for level in LEVELS} | {
            "new_at_risk": len(at_risk(now) - at_risk(before)),
            "reengaged_successfully": len(waiting(before) & touched),
        }
        expected.append((day, counts))
        before, before_at = now, asked.end(day)
    assert list(asked.told(*LEVELS, "new_at_risk", "reengaged_successfully")) == expected


# a booking is credited by days of the zone of now, also where the clinic was in another one then
@pytest.mark.parametrize("asked", STAYED, indirect=True)
def test_bookings_are_those_credited_at_each_days_end(asked: Asked) -> None:
    expected = []
    for day in sorted(asked.daily):
        first: dict[tuple[str, date], date] = {}
        for row in asked.ask(CREDITED, asked.end(day)):
            patient_day = (row["patient_id"], row["outreach_on"])
            first[patient_day] = min(row["booked_on"], first.get(patient_day, date.max))
        counts = {
            "converted_contacts": sum(day == outreach_on for _, outreach_on in first),
            "appointments_scheduled": sum(day == booked_on for booked_on in first.values()),
        }
        expected.append((day, counts))
    assert list(asked.told("converted_contacts", "appointments_scheduled")) == expected


def test_outreach_counts_patients_once_a_day(asked: Asked) -> None:
    rows = [
        (row["occurred_at"].astimezone(asked.zone).date(), row["patient_id"], row["method"], row["outcome"])
        for row in asked.ask(LOGGED, NOON)
    ]
    expected = []
    for day in sorted(asked.daily):
        made = [row[1:] for row in rows if row[0] == day]
        counts = {
            "outreach_attempts": len({patient for patient, _, _ in made}),
            "successful_contacts": len({patient for patient, _, outcome in made if outcome == "success"}),
        }
        expected.append((day, counts))
    assert list(asked.told(*expected[0][1])) == expected


def test_channels_count_each_row(asked: Asked) -> None:
    rows = [
        (row["occurred_at"].astimezone(asked.zone).date(), row["method"], row["outcome"] == "success")
        for row in asked.ask(LOGGED, NOON)
    ]
    attempts = Counter((day, method) for day, method, _ in rows)
    successes = Counter((day, method) for day, method, is_success in rows if is_success)
    told = {
        (row["day"], row["method"]): (row["attempts"], row["successes"])
        for row in asked.ask("select * from marts.channel_daily", NOON)
    }
    assert told == {
        (day, method): (attempts[day, method], successes[day, method])
        for day in asked.daily
        for method in METHODS
    }
