"""The clock, answers written by hand: both changes of the clocks in four zones, midnight, 29 February."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.dbt.build import build
from tests.dbt_project.clinic import Clinic, as_api
from warehouse.settings import Settings

MICROSECOND = timedelta(microseconds=1)
CLINICS = {
    "auckland": "Pacific/Auckland",
    "sydney": "Australia/Sydney",
    "london": "Europe/London",
    "los_angeles": "America/Los_Angeles",
}
# Each patient came once, at this instant, and never again: D is what the calendar on the wall says.
VISITS = {
    # Sunday 28 September 2025, 01:59:59 and 03:00:00 in Auckland: the hour between them does not exist.
    ("auckland", "1"): "2025-09-27T13:59:59Z",
    ("auckland", "2"): "2025-09-27T14:00:00Z",
    # Sunday 5 April 2026: 02:30 in Sydney comes twice.
    ("sydney", "3"): "2026-04-04T15:30:00Z",
    ("sydney", "4"): "2026-04-04T16:30:00Z",
    # Saturday 28 March 2026 in London, an hour before midnight; the next day has 23 hours.
    ("london", "5"): "2026-03-28T23:00:00Z",
    # Saturday 1 November 2025 in Los Angeles, 23:30; the next day has 25 hours.
    ("los_angeles", "6"): "2025-11-02T06:30:00Z",
    # Wednesday 28 February 2024, the day before the 29th, at noon in London.
    ("london", "7"): "2024-02-28T12:00:00Z",
}


@pytest.fixture(scope="module")
def clocks(module_warehouse: Settings) -> Settings:
    for name, zone in CLINICS.items():
        clinic = Clinic(module_warehouse, name, zone).create()
        long_ago = {"created_at": datetime(2023, 1, 1, tzinfo=UTC)}
        clinic.add("businesses", id="1", time_zone_identifier=zone, **long_ago)
        for (where, patient_id), starts_at in VISITS.items():
            if where == name:
                clinic.patient(patient_id, **long_ago)
                clinic.visit(f"{patient_id}1", patient_id, datetime.fromisoformat(starts_at), **long_ago)
        clinic.accept()
    assert not build(module_warehouse).held_back
    return module_warehouse


def row(settings: Settings, name: str, patient_id: str, as_of: datetime) -> dict[str, Any]:
    return Clinic(settings, name).master(as_of)[patient_id]


# Who, the first instant of a local day, and D on the day before it and on that day.
TURNS = [
    # The day the hour was lost ends after 23 hours, at 11:00 UTC instead of 12:00.
    ("auckland", "1", "2025-09-28T11:00:00Z", 0, 1),
    ("auckland", "2", "2025-09-28T11:00:00Z", 0, 1),
    # Summer time is over on 5 April 2026: midnight comes at 12:00 UTC again.
    ("auckland", "2", "2026-04-05T12:00:00Z", 189, 190),
    # Both half past two belong to one day, which lasts from 13:00 UTC for 25 hours.
    ("sydney", "3", "2026-04-05T14:00:00Z", 0, 1),
    ("sydney", "4", "2026-04-05T14:00:00Z", 0, 1),
    # Midnight after the short Sunday is 23:00 UTC on Sunday.
    ("london", "5", "2026-03-29T00:00:00Z", 0, 1),
    ("london", "5", "2026-03-29T23:00:00Z", 1, 2),
    # Midnight is at 07:00 UTC before the long Sunday and at 08:00 UTC after it.
    ("los_angeles", "6", "2025-11-02T07:00:00Z", 0, 1),
    ("los_angeles", "6", "2025-11-03T08:00:00Z", 1, 2),
    # In spring the Sunday of 8 March 2026 starts at 08:00 and ends at 07:00 UTC.
    ("los_angeles", "6", "2026-03-08T08:00:00Z", 126, 127),
    ("los_angeles", "6", "2026-03-09T07:00:00Z", 127, 128),
    # The 29th counts as a day of its own, and a week later it is 6 March.
    ("london", "7", "2024-02-29T00:00:00Z", 0, 1),
    ("london", "7", "2024-03-01T00:00:00Z", 1, 2),
]


@pytest.mark.parametrize(("name", "patient_id", "midnight", "before", "after"), TURNS)
def test_days_turn_at_local_midnight(
    clocks: Settings, name: str, patient_id: str, midnight: str, before: int, after: int
) -> None:
    turn = datetime.fromisoformat(midnight)
    days = [row(clocks, name, patient_id, turn + nudge)["days_since_last_contact"] for nudge in NUDGES]
    assert days == [before, after, after]


NUDGES = (-MICROSECOND, timedelta(0), MICROSECOND)


# Who, the first instant of the day from which the level holds, and the levels before and from then on.
LEVELS = [
    ("london", "7", "2024-03-06T00:00:00Z", "engaged", "low"),
    ("london", "7", "2024-03-13T00:00:00Z", "low", "medium"),
    ("london", "7", "2024-03-29T00:00:00Z", "medium", "high"),
    # 45 days after 28 February 2024 is 13 April, in summer time.
    ("london", "7", "2024-04-12T23:00:00Z", "high", "critical"),
    ("sydney", "3", "2026-05-19T14:00:00Z", "high", "critical"),
    ("los_angeles", "6", "2025-12-16T08:00:00Z", "high", "critical"),
    # 121 days after 28 September 2025 is 27 January 2026, in summer time.
    ("auckland", "1", "2026-01-26T11:00:00Z", "critical", None),
]


@pytest.mark.parametrize(("name", "patient_id", "midnight", "before", "after"), LEVELS)
def test_levels_change_at_local_midnight(
    clocks: Settings, name: str, patient_id: str, midnight: str, before: str, after: str | None
) -> None:
    turn = datetime.fromisoformat(midnight)
    levels = [row(clocks, name, patient_id, turn + nudge)["risk_level"] for nudge in NUDGES]
    assert levels == [before, after, after]


def test_a_visit_begins_at_its_very_instant(clocks: Settings) -> None:
    """Booked until the microsecond before, attended from then on."""
    starts_at = datetime.fromisoformat(VISITS["london", "5"])
    rows = [row(clocks, "london", "5", starts_at + nudge) for nudge in NUDGES]
    assert [it["next_scheduled_appointment"] for it in rows] == [starts_at, None, None]
    assert [it["last_appointment_date"] for it in rows] == [None, starts_at, starts_at]


def test_the_session_s_own_zone_does_not_matter(clocks: Settings) -> None:
    as_of = datetime(2026, 3, 29, 23, tzinfo=UTC)
    with as_api(clocks, "london", as_of) as connection:
        connection.execute("set local time zone 'America/Los_Angeles'")
        rows = connection.execute(
            "select days_since_last_contact as days, recent_appointments -> 0 ->> 'date' as shown"
            " from marts.patient_reengagement_master_view join marts.patient_recent_appointments"
            " using (organization_id, patient_id) where patient_id = '5'"
        ).fetchall()
    assert rows == [{"days": 2, "shown": "2026-03-28T23:00:00Z"}]
