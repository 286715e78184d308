"""Outreach as it is logged, and what it led to: read live, without a build."""

from datetime import datetime
from typing import Any

from serving.features.channels import METHODS
from tests.dbt_project.campaign import HOUR
from tests.dbt_project.clinic import NOON, Clinic, days
from warehouse.settings import Settings

TIMEFRAMES = ["last_30_days", "last_7_days", "last_90_days"]


def performance(clinic: Clinic, as_of: datetime = NOON, timeframe: str = "last_30_days") -> dict[str, Any]:
    rows = clinic.ask("select * from marts.reengagement_performance_view", as_of)
    assert sorted(row["timeframe"] for row in rows) == TIMEFRAMES
    return next(row for row in rows if row["timeframe"] == timeframe)


def totals(clinic: Clinic, as_of: datetime = NOON) -> tuple[int, int, int]:
    row = performance(clinic, as_of)
    return row["outreach_attempts"], row["successful_contacts"], row["appointments_scheduled"]


def credited(clinic: Clinic, patient_id: str, as_of: datetime = NOON) -> list[tuple[Any, ...]]:
    rows = clinic.ask("select * from marts.bookings_attributed order by visit_id", as_of)
    found = [row for row in rows if row["patient_id"] == patient_id]
    return [(row["visit_id"], row["method"], row["outreach_on"].isoformat()) for row in found]


def test_without_outreach_there_are_zeros(built: Settings) -> None:
    row = performance(Clinic(built, "org_other"))
    assert row.pop("avg_days_to_reengage") is None
    channels = row.pop("communication_channels")
    assert channels["email"].pop("opened_tracked") is False
    assert [list(counts.values()) for counts in channels.values()] == [[0, 0, 0, 0.0]] * len(METHODS)
    assert row.pop("our_performance") == "insufficient_data"
    assert (row.pop("industry_avg_contact_rate"), row.pop("industry_avg_conversion")) == (55, 68)
    numbers = {name: str(value) for name, value in row.items() if not isinstance(value, str)}
    assert numbers == {name: "0.0" if name.endswith("_rate") else "0" for name in numbers}
    assert len(numbers) == 5


def test_a_logged_call_shows_at_once(campaign: Clinic) -> None:
    """The booking came first and the call an hour later: the local day decides."""
    before = totals(campaign)
    campaign.outreach("1", "success", NOON, "phone")
    assert totals(campaign) == tuple(count + 1 for count in before)
    assert credited(campaign, "1") == [("10", "phone", "2026-03-10")]
    assert totals(campaign, NOON - HOUR / 2) == before


def test_outreach_to_a_merged_patient_is_the_survivors(campaign: Clinic) -> None:
    attempts, contacts, scheduled = totals(campaign)
    campaign.outreach("3", "no_response", NOON - days(6))
    campaign.outreach("2", "success", NOON - days(6) + HOUR, "email")
    assert totals(campaign) == (attempts + 1, contacts + 1, scheduled + 1)
    assert credited(campaign, "3") == [("30", "email", "2026-03-04")]


def test_a_later_cancellation_keeps_the_credit_and_removal_undoes_it(campaign: Clinic) -> None:
    for patient in ("4", "5"):
        campaign.outreach(patient, "success", NOON - days(5))
    assert credited(campaign, "5") == [("50", "sms", "2026-03-05")]
    assert credited(campaign, "4") == []
    assert credited(campaign, "4", NOON - days(1.5)) == [("40", "sms", "2026-03-05")]


def test_mail_is_opened_from_the_instant_it_is(campaign: Clinic) -> None:
    campaign.outreach("7", "failed", NOON - days(60), "email", opened_at=NOON - days(1))
    before, after = (performance(campaign, at, "last_90_days") for at in (NOON - days(1) - HOUR, NOON))
    before, after = (row["communication_channels"]["email"] for row in (before, after))
    assert (before["opened_tracked"], after["opened_tracked"]) == (False, True)
    assert after["opened"] == before["opened"] + 1


def test_nobody_sees_another_clinics_outreach(built: Settings, campaign: Clinic) -> None:
    elsewhere = Clinic(built, "org_elsewhere")
    campaign.outreach("8", "success", NOON - days(2))
    for table in ("outreach_as_of", "bookings_attributed", "outreach_conversions", "dim_benchmarks"):
        assert campaign.ask(f"select 1 from marts.{table}"), f"{table}: the test sees nothing at all"
        assert elsewhere.ask(f"select 1 from marts.{table}") == []
    assert elsewhere.ask("select 1 from marts.reengagement_performance_view") == []
