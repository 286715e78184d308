"""Each rule of the metric catalogue at its edge, as the API's role reads it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dbt_project.scenarios import SCENARIOS, patient_id
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def master(built: Settings) -> dict[str, dict[str, Any]]:
    return Clinic(built, "org_main").master()


@pytest.mark.parametrize("name", SCENARIOS)
def test_rule(master: dict[str, dict[str, Any]], name: str) -> None:
    row = master[patient_id(name)]
    expected = SCENARIOS[name][1]
    actual = {column: _plain(row[column]) for column in expected}
    assert actual == expected


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def test_lifetime_value_is_unknown_where_invoices_may_not_be_read(built: Settings) -> None:
    other = Clinic(built, "org_other")
    assert other.master()["5"]["lifetime_value"] is None


def test_a_tie_of_zones_goes_to_the_oldest_business(built: Settings) -> None:
    """London, 500 days old, against Los Angeles, 400: at 23:30 in London the visit was ten days ago."""
    other = Clinic(built, "org_other")
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    assert other.master(late)["5"]["days_since_last_contact"] == 10
    assert other.master(late + days(1 / 24))["5"]["days_since_last_contact"] == 11
    assert other.ask("select time_zone from marts.dim_organizations") == [{"time_zone": "Europe/London"}]


def test_the_zone_is_that_of_the_businesses_of_then(built: Settings) -> None:
    """450 days ago only London existed."""
    other = Clinic(built, "org_other")
    assert other.ask("select 1 from marts.patient_reengagement_master_view", NOON - days(450)) == []


def test_before_they_were_created_there_are_no_patients(clinic: Clinic) -> None:
    assert clinic.master(NOON - days(401)) == {}


def test_a_booking_becomes_a_visit_without_any_build(clinic: Clinic) -> None:
    patient = patient_id("booked and long away")
    assert clinic.master()[patient]["total_lifetime_appointments"] == 1
    later = clinic.master(NOON + days(2))[patient]
    assert (later["total_lifetime_appointments"], later["days_since_last_contact"]) == (2, 1)


def test_late_cancellation_is_less_than_a_day_before(clinic: Clinic) -> None:
    rows = clinic.ask(
        "select is_late_cancellation, count(*) as visits from marts.visits_as_of"
        " where status = 'cancelled' group by 1"
    )
    assert {row["is_late_cancellation"] for row in rows} == {False}


def test_active_patients(clinic: Clinic) -> None:
    rows = {row["patient_id"]: row for row in clinic.ask("select * from marts.active_patients")}
    inside, outside = patient_id("high or critical, D 44"), patient_id("high or critical, D 45")
    assert outside not in rows
    row = rows[inside]
    visits = clinic.ask("select * from marts.patient_recent_appointments")
    assert outside not in {it["patient_id"] for it in visits}
    assert next(it["recent_appointments"] for it in visits if it["patient_id"] == inside) == [
        {
            "id": f"{inside}10",
            "date": "2026-01-24T14:00:00Z",
            "type": "Physio",
            "practitioner": "Dr Ada Sample",
            "status": "attended",
        }
    ]
    assert (row["recent_appointment_count"], row["total_appointment_count"]) == (1, 1)
    assert 0 <= row["id"] < 2**52
    assert row["contact_id"].version == 8


def test_outreach_shows_at_once(clinic: Clinic) -> None:
    patient = patient_id("high or critical, D 45")
    clinic.outreach(patient, "no_response", NOON - days(3))
    clinic.outreach(patient, "success", NOON - days(2))
    row = clinic.master()[patient]
    assert (row["days_since_last_contact"], row["previous_response_rate"]) == (2, Decimal("50.0"))
    assert clinic.master(NOON - days(2.5))[patient]["previous_response_rate"] == Decimal("0.0")
