"""The truth on stories written by hand: days, time travel, visits, merges, money, lists."""

from decimal import Decimal

import pytest

from sandbox.clinics.story import Business, GroupClass, Phone
from tests.sandbox.clinics.miniature import (
    LONG_AGO,
    at,
    case,
    clinic,
    invoice,
    message,
    only,
    patient,
    truth,
    visit,
)

NOON = "2026-06-30T02:00:00Z"  # noon in Sydney


@pytest.mark.parametrize(
    ("start", "days", "level"),
    [
        ("2026-06-24T00:30:00Z", 6, "engaged"),
        ("2026-06-23T13:59:59Z", 7, "low"),  # one second before midnight in Sydney
        ("2026-06-23T14:00:00Z", 6, "engaged"),  # midnight
        ("2026-06-17T00:30:00Z", 13, "low"),
        ("2026-06-16T00:30:00Z", 14, "medium"),
        ("2026-06-01T00:30:00Z", 29, "medium"),
        ("2026-05-31T00:30:00Z", 30, "high"),
        ("2026-05-17T00:30:00Z", 44, "high"),
        ("2026-05-16T00:30:00Z", 45, "critical"),
        ("2026-03-02T00:30:00Z", 120, "critical"),
        ("2026-03-01T00:30:00Z", 121, None),
    ],
)
def test_days_are_local_calendar_days(start: str, days: int, level: str | None) -> None:
    row = only(NOON, patient(visit(start)))
    assert (row.days_since_last_contact, row.risk_level) == (days, level)


def test_a_day_of_25_hours_is_one_day() -> None:
    """Sydney's clocks went back on 5 April 2026: from 00:30 to 23:30 are 24 hours, and the same day."""
    came = patient(visit("2026-04-04T13:30:00Z"))
    assert only("2026-04-05T13:30:00Z", came).days_since_last_contact == 0
    assert only("2026-04-05T14:00:00Z", came).days_since_last_contact == 1


def test_a_day_of_23_hours_is_one_day() -> None:
    """London's clocks went forward on 29 March 2026."""
    came = patient(visit("2026-03-29T00:00:00Z"))
    london = clinic("Europe/London")
    assert only("2026-03-29T22:59:59Z", came, london).days_since_last_contact == 0
    assert only("2026-03-29T23:00:00Z", came, london).days_since_last_contact == 1


@pytest.mark.parametrize(("start", "counts"), [("2026-04-02T00:00:00Z", 1), ("2026-04-01T00:00:00Z", 0)])
def test_ninety_days_end_before_the_ninetieth_day_back(start: str, counts: int) -> None:
    row = only(NOON, patient(visit(start, did_not_arrive=True)))
    assert row.missed_appointments_last_90d == counts
    assert (row.attendance_rate_90d is None) == (counts == 0)


@pytest.mark.parametrize(
    ("start", "counts"), [("2026-05-17T00:00:00Z", True), ("2026-05-16T00:00:00Z", False)]
)
def test_active_ends_before_the_45th_day(start: str, counts: bool) -> None:
    assert only(NOON, patient(visit(start))).is_active is counts


@pytest.mark.parametrize(("start", "days"), [("2026-06-17T00:00:00Z", 13), ("2026-06-16T00:00:00Z", 14)])
def test_a_lapse_is_recent_for_fourteen_days(start: str, days: int) -> None:
    missed = only(
        NOON, patient(visit(start, did_not_arrive=True), messages=[message("2026-06-29T00:00:00Z")])
    )
    assert missed.missed_appointments_14d == (days < 14)
    assert missed.action_priority == (2 if days < 14 else 4)


@pytest.mark.parametrize(("start", "days"), [("2026-06-01T00:00:00Z", 29), ("2026-05-31T00:00:00Z", 30)])
def test_thirty_days_end_before_the_thirtieth_day_back(start: str, days: int) -> None:
    assert only(NOON, patient(visit(start))).has_attended_last_30d is (days < 30)
    missed = only(NOON, patient(visit(start, "2026-05-29T00:00:00Z", did_not_arrive=True)))
    assert missed.days_since_last_contact == 32
    assert missed.engagement_status == ("dormant" if days < 30 else "stale")


@pytest.mark.parametrize(
    ("start", "counts"), [("2026-04-02T00:00:00Z", True), ("2026-04-01T00:00:00Z", False)]
)
def test_attendance_looks_back_ninety_days(start: str, counts: bool) -> None:
    assert (only(NOON, patient(visit(start))).attendance_rate_90d is not None) is counts


def test_a_start_at_the_very_instant_is_past() -> None:
    assert only(NOON, patient(visit(NOON))).total_lifetime_appointments == 1
    assert only("2026-06-30T01:59:59Z", patient(visit(NOON))).upcoming_appointment_count == 1


def test_what_is_dated_later_has_not_happened() -> None:
    one = patient(
        visit("2026-06-10T00:00:00Z", cancelled_at="2026-06-09T00:00:00Z"),
        visit("2026-06-20T00:00:00Z", created="2026-06-15T00:00:00Z", number=101),
        archived_at="2026-06-25T00:00:00Z",
    )
    assert truth("2026-06-26T00:00:00Z", one).patients == {}
    assert only("2026-06-16T00:00:00Z", one).upcoming_appointment_count == 1
    before = only("2026-06-08T23:00:00Z", one)
    assert (before.upcoming_appointment_count, before.total_appointment_count) == (1, 1)
    early = truth("2018-01-01T00:00:00Z", one)
    assert (early.patients, early.summary.total_contacts) == ({}, 0)


def test_cancelled_wins_over_missed_and_removed_over_both() -> None:
    day = "2026-06-20T00:00:00Z"
    cancelled = only(NOON, patient(visit(day, cancelled_at="2026-06-19T00:00:00Z", did_not_arrive=True)))
    removed = only(NOON, patient(visit(day, removed_at="2026-06-21T00:00:00Z")))
    assert (cancelled.missed_appointments_last_90d, cancelled.has_appointments) == (0, False)
    assert (removed.total_lifetime_appointments, removed.has_appointments) == (0, False)


def test_contacts_are_visits_bookings_and_what_the_patient_sent() -> None:
    lost = patient(visit("2026-01-10T00:00:00Z"))
    assert only(NOON, lost).last_contact_at == "2026-01-10T00:00:00Z"
    lost.visits.append(
        visit("2026-07-20T00:00:00Z", "2026-05-01T00:00:00Z", 101, cancelled_at="2026-05-02T00:00:00Z")
    )
    assert only(NOON, lost).last_contact_at == "2026-05-01T00:00:00Z"
    lost.messages = [
        message("2026-06-20T00:00:00Z", inbound=False),
        message("2026-06-21T00:00:00Z", category=12),
    ]
    assert only(NOON, lost).last_contact_at == "2026-05-01T00:00:00Z"
    lost.messages.append(message("2026-06-22T00:00:00Z"))
    assert only(NOON, lost).last_contact_at == "2026-06-22T00:00:00Z"
    assert only(NOON, patient(created_at="2026-06-01T00:00:00Z")).last_contact_at == "2026-06-01T00:00:00Z"


def test_a_booking_entered_after_its_start_is_no_contact_of_its_own() -> None:
    entered = visit("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z", did_not_arrive=True)
    assert only(NOON, patient(entered)).last_contact_at == "2019-01-01T00:00:00Z"


def test_discharged_until_somebody_comes_again() -> None:
    came = visit("2026-06-20T00:00:00Z")
    gone = patient(came, cases=[case("2026-06-21T00:00:00Z")])
    back = patient(came, cases=[case("2026-06-19T00:00:00Z")])
    open_ = patient(came, cases=[case("2026-06-21T00:00:00Z"), case(None)])
    assert [only(NOON, one).engagement_status for one in (gone, back, open_)] == ["stale", "active", "active"]


def test_a_lapse_is_open_until_somebody_comes_or_books() -> None:
    missed = visit("2026-06-20T00:00:00Z", did_not_arrive=True, number=101)
    before, after = visit("2026-06-15T00:00:00Z"), visit("2026-06-25T00:00:00Z", number=102)
    booked = visit("2026-07-05T00:00:00Z", number=103)
    priorities = [
        only(NOON, patient(*visits)).action_priority
        for visits in ((before, missed), (before, missed, after), (before, missed, booked))
    ]
    assert priorities == [2, 4, 4]


def group_class(removed: str | None = None) -> GroupClass:
    start = at("2026-06-20T00:00:00Z")
    return GroupClass(
        "50", start, start + 3_000, LONG_AGO, LONG_AGO, "5", "3", "2", 8, at(removed) if removed else None
    )


def test_a_seat_takes_the_start_of_its_class_and_goes_with_it() -> None:
    one = patient(visit("2019-06-01T00:00:00Z", class_id="50", did_not_arrive=True))
    row = only(NOON, one, clinic(classes=[group_class()]))
    assert (row.last_appointment_date, row.missed_appointments_last_90d) == ("2026-06-20T00:00:00Z", 0)
    assert row.recent_appointments[0].id == "1100"
    gone = only(NOON, one, clinic(classes=[group_class("2026-06-21T00:00:00Z")]))
    assert gone.last_appointment_date is None


def test_two_seats_in_one_class_count_once() -> None:
    given_up = visit("2019-06-01T00:00:00Z", class_id="50", cancelled_at="2026-06-01T00:00:00Z")
    taken = visit("2019-06-01T00:00:00Z", class_id="50", number=101)
    row = only(NOON, patient(given_up, taken), clinic(classes=[group_class()]))
    assert (row.total_lifetime_appointments, row.total_appointment_count) == (1, 1)
    again = visit("2019-06-01T00:00:00Z", class_id="50", number=102)
    row = only(NOON, patient(taken, again), clinic(classes=[group_class()]))
    assert (row.total_lifetime_appointments, row.total_appointment_count) == (1, 1)


def test_merged_people_give_everything_to_the_survivor() -> None:
    merged = {"merged_at": "2026-06-29T00:00:00Z", "archived_at": "2026-06-29T00:00:00Z"}
    kept = patient(visit("2026-01-01T00:00:00Z"), patient_id="10", invoices=[invoice(1_000)])
    double = patient(
        visit("2026-06-20T00:00:00Z", number=101),
        patient_id="11",
        merged_with="10",
        invoices=[invoice(500)],
        **merged,
    )
    third = patient(visit("2026-06-21T00:00:00Z", number=102), patient_id="12", merged_with="11", **merged)
    answer = truth(NOON, kept, double, third)
    assert answer.survivor_of == {"11": "10", "12": "10"}
    assert list(answer.patients) == ["10"]
    assert answer.patients["10"].total_lifetime_appointments == 3
    assert answer.patients["10"].lifetime_value == Decimal("15.00")
    assert answer.summary.total_contacts == 1


def test_in_a_loop_the_smallest_id_survives() -> None:
    answer = truth(
        NOON, *(patient(patient_id=a, merged_with=b) for a, b in (("9", "10"), ("10", "11"), ("11", "9")))
    )
    assert answer.survivor_of == {"10": "9", "11": "9"}


def test_purged_people_are_contacts_that_cliniko_no_longer_holds() -> None:
    answer = truth(NOON, patient(purged_at="2026-06-29T00:00:00Z"), patient(patient_id="11"))
    assert list(answer.patients) == ["11"]
    assert (answer.summary.total_contacts, answer.summary.cliniko_linked, answer.summary.unlinked) == (
        2,
        1,
        1,
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_a_reversal_is_taken_away_whichever_sign_it_has(sign: int) -> None:
    one = patient(invoices=[invoice(12_100), invoice(5_000), invoice(sign * 5_000, original="500")])
    assert only(NOON, one).lifetime_value == Decimal(121)
    assert only(NOON, patient()).lifetime_value == 0
    assert only(NOON, one, clinic(forbidden=["invoices"])).lifetime_value is None


def test_the_phone_is_the_first_mobile_else_the_first_that_is_no_fax() -> None:
    fax, home = Phone("x", "1", "Fax", "+611"), Phone("x", "2", "Home", "+612")
    broken, mobile = Phone("n/a", "", "Mobile", None), Phone("x", "3", "Mobile", "+613")
    assert only(NOON, patient(phones=[fax, home, broken, mobile])).phone == "+613"
    assert only(NOON, patient(phones=[fax, broken, home])).phone == "+612"
    assert only(NOON, patient(phones=[fax, broken])).phone is None


def test_lists_are_ordered_by_ids_as_numbers() -> None:
    same = [patient(visit("2026-06-01T00:00:00Z"), patient_id=one) for one in ("100", "99")]
    newest = patient(visit("2026-06-02T00:00:00Z"), patient_id="101")
    answer = truth(NOON, *same, newest, patient(patient_id="5"))
    assert answer.active == ("101", "99", "100")
    assert answer.prioritised == ("99", "100", "101", "5")


def test_the_zone_is_that_of_most_live_businesses_then_of_the_oldest() -> None:
    here = clinic("Europe/London")
    here.businesses += [
        Business("7", "x", "x", "Asia/Tokyo", LONG_AGO + 1, LONG_AGO),
        Business("8", "x", "x", "Asia/Tokyo", LONG_AGO + 2, LONG_AGO, removed_at=LONG_AGO + 9),
    ]
    assert truth(NOON, of=here).time_zone == "Europe/London"
    here.businesses[2].removed_at = None
    assert truth(NOON, of=here).time_zone == "Asia/Tokyo"
    here.businesses.clear()
    assert truth(NOON, of=here).time_zone == "UTC"


def test_the_summary_adds_up() -> None:
    people = [
        patient(visit("2026-06-29T00:00:00Z"), patient_id="1"),
        patient(visit("2026-06-01T00:00:00Z"), visit("2026-07-01T00:00:00Z", number=101), patient_id="2"),
        patient(visit("2026-05-01T00:00:00Z"), patient_id="3"),
        patient(visit("2025-05-01T00:00:00Z"), patient_id="4"),
    ]
    summary = truth(NOON, *people).summary
    assert (summary.total_patients, summary.stale_patients) == (3, 1)
    assert summary.risk_summary == {"critical": 1, "high": 0, "medium": 0, "low": 1, "engaged": 1}
    assert (summary.immediate_actions_required, summary.no_future_appointments) == (1, 1)
    assert (summary.total_active_patients, summary.patients_with_upcoming_appointments) == (2, 1)
    assert (summary.avg_recent_appointments, summary.avg_total_appointments) == (
        Decimal("1.0"),
        Decimal("1.5"),
    )
    assert summary.average_scores["high"] == Decimal("0.0")
