"""One patient a rule: what happened to each, and what the master view must say of it at `NOON`.

`NOON` is noon in Brisbane, so `D` days ago begin at `NOON - days(D + 0.5)`.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.dbt_project.clinic import NOON, Clinic, days, phone

Setup = Callable[[Clinic, str], None]
SCENARIOS: dict[str, tuple[Setup, dict[str, Any]]] = {}
SECOND = timedelta(seconds=1)


def scenario(name: str, setup: Setup, **expected: Any) -> None:
    SCENARIOS[name] = (setup, expected)


def patient_id(name: str) -> str:
    return str(1_204_417_733_920_551_000 + list(SCENARIOS).index(name))


def draw_all(clinic: Clinic) -> None:
    for name, (setup, _) in SCENARIOS.items():
        setup(clinic, patient_id(name))


def seen(
    *ago: float, missed: tuple[float, ...] = (), booked: int = 0, cancelled: tuple[float, ...] = ()
) -> Setup:
    """Attended, missed, cancelled (a visit of a week later) so many days ago; so many booked."""

    def setup(clinic: Clinic, patient: str) -> None:
        clinic.patient(patient)
        for index, count in enumerate((*ago, *missed)):
            starts_at = NOON - days(count)
            clinic.visit(f"{patient}1{index}", patient, starts_at, did_not_arrive=index >= len(ago))
        for index in range(booked):
            clinic.visit(f"{patient}2{index}", patient, NOON + days(index + 1))
        for index, count in enumerate(cancelled):
            at = NOON - days(count)
            clinic.visit(f"{patient}3{index}", patient, at + days(7), cancelled_at=at)

    return setup


def edge(day: int) -> tuple[float, float]:
    """The first instant of the day so many days ago, and the last of the day before it."""
    return day + 0.5, day + 0.5 + 1 / 86_400


def band(name: str, day: int, young: dict[str, Any], old: dict[str, Any]) -> None:
    """The two sides of a limit on D, each at its own last instant."""
    first, before = edge(day)
    scenario(f"{name}, D {day}", seen(first), days_since_last_contact=day, **young)
    scenario(f"{name}, D {day + 1}", seen(before), days_since_last_contact=day + 1, **old)


band(
    "engaged or low",
    6,
    {"risk_level": "engaged", "risk_score": 15, "action_priority": 4, "engagement_status": "active"},
    {"risk_level": "low", "risk_score": 30, "action_priority": 3},
)
band(
    "low or medium",
    13,
    {"risk_level": "low", "risk_score": 40, "recommended_action": "LOW: Offer the next appointment"},
    {
        "risk_level": "medium",
        "risk_score": 50,
        "action_priority": 3,
        "recommended_action": "MEDIUM: Send wellness check message",
    },
)
band(
    "medium or high",
    29,
    {"risk_level": "medium", "risk_score": 58, "has_attended_last_30d": True},
    {
        "risk_level": "high",
        "risk_score": 65,
        "action_priority": 2,
        "recommended_action": "HIGH: Call within 24 hours",
        "has_attended_last_30d": False,
        "engagement_status": "active",
    },
)
band(
    "high or critical",
    44,
    {"risk_level": "high", "risk_score": 73, "engagement_status": "dormant"},
    {
        "risk_level": "critical",
        "risk_score": 80,
        "action_priority": 1,
        "recommended_action": "DORMANT: Re-engagement campaign needed",
    },
)
band(
    "critical or stale",
    120,
    {"risk_level": "critical", "risk_score": 92, "engagement_status": "dormant"},
    {
        "risk_level": None,
        "risk_score": None,
        "action_priority": 4,
        "engagement_status": "stale",
        "recommended_action": "STALE: Confirm whether care has ended",
        "risk_reasons": ["days_since_contact", "nothing_booked"],
    },
)
scenario(
    "far beyond the counted days",
    seen(399),
    days_since_last_contact=399,
    engagement_status="stale",
)
scenario(
    "the document's patient",
    seen(47, 50, 51, 52, 53, missed=(60, 61)),
    risk_score=85,
    days_since_last_contact=47,
    action_priority=1,
    missed_appointments_last_90d=2,
    attendance_rate_90d=71.4,
)
scenario(
    "missed 89 days ago and the day before that",
    seen(40, missed=edge(89)),
    missed_appointments_last_90d=1,
    attendance_rate_90d=50.0,
    risk_level="high",
    action_priority=1,
    risk_score=65 + 6 + 2 + 3,
)
scenario(
    "missed 13 days ago and the day before that",
    seen(20, missed=edge(13)),
    missed_appointments_14d=1,
    action_priority=2,
    recommended_action="REBOOK: Rebook the missed or cancelled appointment",
    risk_reasons=[
        "days_since_contact",
        "nothing_booked",
        "missed_recently",
        "missed_repeatedly",
        "low_attendance",
    ],
)
scenario(
    "missed 14 days ago",
    seen(20, missed=(edge(13)[1],)),
    missed_appointments_14d=0,
    action_priority=3,
)
scenario("cancelled 13 days ago", seen(20, cancelled=(edge(13)[0],)), action_priority=2)
scenario("cancelled 14 days ago", seen(20, cancelled=(edge(13)[1],)), action_priority=3)
scenario("came after missing", seen(2, missed=(5,)), action_priority=4, risk_level="engaged")
scenario(
    "attendance exactly 70",
    seen(15, 16, 17, 18, 19, 20, 21, missed=(30, 31, 32)),
    attendance_rate_90d=70.0,
    risk_score=50 + 1 + 6,
)
scenario(
    "attendance just below 70",
    seen(*range(15, 31), missed=tuple(range(31, 38))),
    attendance_rate_90d=69.6,
    risk_score=50 + 1 + 6 + 3,
)
scenario(
    "booked and long away",
    seen(60, booked=1),
    risk_level="low",
    risk_score=30,
    engagement_status="active",
    action_priority=4,
    recommended_action="ENGAGED: Continue current care plan",
    upcoming_appointment_count=1,
    next_scheduled_appointment=NOON + days(1),
)
scenario(
    "booked after two misses",
    seen(60, missed=(50, 55), booked=1),
    risk_level="low",
    risk_score=30 + 4 + 3,
    action_priority=3,
    recommended_action="CONFIRM: Confirm the upcoming appointment",
)


def _never_came(clinic: Clinic, patient: str) -> None:
    clinic.patient(patient, created_at=NOON - days(10))


def _never_came_long_ago(clinic: Clinic, patient: str) -> None:
    clinic.patient(patient, created_at=NOON - days(40))


def _tried(ago: float) -> Setup:
    def setup(clinic: Clinic, patient: str) -> None:
        clinic.patient(patient, created_at=NOON - days(50))
        made = NOON - days(49)
        clinic.visit(f"{patient}1", patient, NOON - days(ago), did_not_arrive=True, created_at=made)

    return setup


NEW = "NEW: Schedule initial consultation"
scenario("never came", _never_came, risk_level="low", recommended_action=NEW, last_appointment_date=None)
scenario(
    "never came, long ago",
    _never_came_long_ago,
    engagement_status="stale",
    recommended_action=NEW,
    days_since_last_contact=40,
)
scenario("missed the first 29 days ago", _tried(edge(29)[0]), engagement_status="dormant")
scenario("missed the first 30 days ago", _tried(edge(29)[1]), engagement_status="stale")


def _cases(*closed_ago: float | None, attended: float = 10) -> Setup:
    def setup(clinic: Clinic, patient: str) -> None:
        seen(attended)(clinic, patient)
        for index, ago in enumerate(closed_ago):
            closed_at = None if ago is None else NOON - days(ago)
            clinic.add("patient_cases", id=f"{patient}4{index}", patient_id=patient, closed_at=closed_at)

    return setup


scenario("discharged", _cases(5, 8), engagement_status="stale", action_priority=4)
scenario("one case open", _cases(5, None), engagement_status="active")
scenario("came after discharge", _cases(12), engagement_status="active")


def _with_invoices(clinic: Clinic, patient: str) -> None:
    clinic.patient(patient)
    rows: list[dict[str, Any]] = [
        {"total_amount": "120.50"},
        {"total_amount": "-20.50", "original_invoice_id": f"{patient}50"},
        {"total_amount": "10.25", "original_invoice_id": f"{patient}50"},
        {"total_amount": "999", "deleted_at": NOON - days(2)},
        {"total_amount": "888", "created_at": NOON + SECOND},
    ]
    for index, row in enumerate(rows):
        clinic.add("invoices", **({"id": f"{patient}5{index}", "patient_id": patient} | row))


scenario("invoices and reversals", _with_invoices, lifetime_value=120.50 - 20.50 - 10.25)


def _phones(*entries: dict[str, Any]) -> Setup:
    return lambda clinic, patient: clinic.patient(patient, patient_phone_numbers=list(entries))


FIRST, LATER, HOME = "+61491570006", "+61491570156", "+61755500123"
scenario(
    "two mobiles",
    _phones(phone("h", "Home", HOME), phone("1", "Mobile", FIRST), phone("2", "Mobile", LATER)),
    phone=FIRST,
)
scenario("mobile invalid", _phones(phone("x"), phone("2", "Mobile", LATER)), phone=LATER)
scenario("no mobile", _phones(phone("f", "Fax", FIRST), phone("h", "Home", HOME)), phone=HOME)
scenario("only a fax", _phones(phone("f", "Fax", FIRST)), phone=None)


def _message(**columns: Any) -> Setup:
    def setup(clinic: Clinic, patient: str) -> None:
        clinic.patient(patient)
        row = {"direction_code": 2, "category_code": 8, "created_at": NOON - days(3)} | columns
        clinic.add("communications", id=f"{patient}6", patient_id=patient, **row)

    return setup


scenario("wrote to the clinic", _message(), days_since_last_contact=3)
scenario("was written to", _message(direction_code=1), days_since_last_contact=400)
scenario("memo", _message(category_code=12), days_since_last_contact=400)
scenario("archived message", _message(archived_at=NOON - days(1)), days_since_last_contact=400)


def _booking_made(**columns: Any) -> Setup:
    def setup(clinic: Clinic, patient: str) -> None:
        clinic.patient(patient)
        row = {"created_at": NOON - days(4), "starts_at": NOON + days(9)} | columns
        clinic.visit(f"{patient}7", patient, row.pop("starts_at"), **row)

    return setup


scenario("booked four days ago", _booking_made(), days_since_last_contact=4, last_contact_at=NOON - days(4))
scenario("booked, then cancelled", _booking_made(cancelled_at=NOON - days(1)), days_since_last_contact=4)
scenario(
    "entered after the visit",
    _booking_made(starts_at=NOON - days(5), did_not_arrive=True),
    days_since_last_contact=400,
)
scenario("booked, then deleted", _booking_made(deleted_at=NOON - days(1)), days_since_last_contact=400)
scenario(
    "deleted only later",
    _booking_made(deleted_at=NOON + days(1)),
    upcoming_appointment_count=1,
)


def _seats(*rows: dict[str, Any], class_starts: float = 4, **class_columns: Any) -> Setup:
    def setup(clinic: Clinic, patient: str) -> None:
        clinic.patient(patient)
        clinic.add(
            "group_appointments", id=f"{patient}8", starts_at=NOON - days(class_starts), **class_columns
        )
        for index, row in enumerate(rows):
            clinic.seat(f"{patient}9{index}", patient, f"{patient}8", **row)

    return setup


scenario("a seat in a class", _seats({}), total_lifetime_appointments=1, days_since_last_contact=4)
scenario("two seats in one class", _seats({}, {}), total_lifetime_appointments=1)
scenario("one of two cancelled", _seats({"cancelled_at": NOON - days(6)}, {}), total_lifetime_appointments=1)
scenario("one of two removed", _seats({"archived_at": NOON - days(6)}, {}), total_lifetime_appointments=1)
scenario("class removed", _seats({}, archived_at=NOON - days(5)), total_lifetime_appointments=0)
scenario("class to come", _seats({}, class_starts=-4), upcoming_appointment_count=1)
