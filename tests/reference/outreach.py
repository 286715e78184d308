"""Chapter 5: which booking is whose merit, and how the outreach of a timeframe performed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from serving.features.channels import CHANNELS
from tests.reference.facts import Attempt, Visit
from tests.reference.question import Question
from tests.reference.rounding import percent, rounded

TIMEFRAMES = {"last_7_days": 7, "last_30_days": 30, "last_90_days": 90}
CONTACT_BENCHMARK, CONVERSION_BENCHMARK = Decimal("55.0"), Decimal("68.0")
PatientDay = tuple[str, date]


@dataclass(frozen=True)
class Credit:
    """A booking and the successful row it belongs to."""

    visit: Visit
    attempt: Attempt
    booked_on: date
    outreach_on: date

    @property
    def patient_day(self) -> PatientDay:
        return self.attempt.patient_id, self.outreach_on


def credits(question: Question) -> list[Credit]:  # noqa: A001 - the word of the catalogue's reader
    found = []
    for patient_id, visits in question.visits.items():
        successes = [row for row in question.attempts.get(patient_id, []) if row.is_success]
        # what was entered after its start was never booked
        for visit in (visit for visit in visits if visit.created_at < visit.starts_at):
            booked_on = question.day(visit.created_at)
            window = [booked_on - timedelta(days=ago) for ago in range(15)]
            eligible = [row for row in successes if question.day(row.occurred_at) in window]
            if eligible:
                latest = max(eligible, key=lambda row: row.occurred_at)
                found.append(Credit(visit, latest, booked_on, question.day(latest.occurred_at)))
    return found


def first_credits(question: Question) -> dict[PatientDay, Credit]:
    """The first booking of each patient-day that has one."""
    first: dict[PatientDay, Credit] = {}
    for credit in sorted(credits(question), key=_order):
        first.setdefault(credit.patient_day, credit)
    return first


def _order(credit: Credit) -> tuple[datetime, str, int]:
    return credit.visit.created_at, credit.visit.kind, int(credit.visit.id)


def bookings_attributed(question: Question) -> list[dict[str, Any]]:
    first = first_credits(question)
    return [
        {
            "organization_id": question.facts.organization_id,
            "visit_kind": credit.visit.kind,
            "visit_id": credit.visit.id,
            "patient_id": credit.visit.patient_id,
            "booked_at": credit.visit.created_at,
            "booked_on": credit.booked_on,
            "outreach_id": credit.attempt.id,
            "method": credit.attempt.method,
            "outreach_occurred_at": credit.attempt.occurred_at,
            "outreach_on": credit.outreach_on,
            "is_first_of_patient_day": first[credit.patient_day] == credit,
        }
        for credit in credits(question)
    ]


def patient_days(question: Question, rows: list[Attempt]) -> set[PatientDay]:
    return {(row.patient_id, question.day(row.occurred_at)) for row in rows}


def performance(question: Question) -> list[dict[str, Any]]:
    return [_performance(question, timeframe) for timeframe in TIMEFRAMES]


def _performance(question: Question, timeframe: str) -> dict[str, Any]:
    rows = [
        row
        for of_patient in question.attempts.values()
        for row in of_patient
        if question.since(row.occurred_at) < TIMEFRAMES[timeframe]
    ]
    attempted = patient_days(question, rows)
    successful = patient_days(question, [row for row in rows if row.is_success])
    first = {day: credit for day, credit in first_credits(question).items() if day in successful}
    contact_rate, conversion = percent(len(successful), len(attempted)), percent(len(first), len(successful))
    return {
        "organization_id": question.facts.organization_id,
        "timeframe": timeframe,
        "outreach_attempts": len(attempted),
        "successful_contacts": len(successful),
        "contact_success_rate": rounded(contact_rate),
        "appointments_scheduled": len(first),
        "conversion_rate": rounded(conversion),
        "avg_days_to_reengage": _mean_days(question, list(first.values())),
        "communication_channels": _channels(question, rows),
        "industry_avg_contact_rate": CONTACT_BENCHMARK,
        "industry_avg_conversion": CONVERSION_BENCHMARK,
        "our_performance": _verdict(len(attempted), contact_rate, conversion),
    }


def _mean_days(question: Question, first: list[Credit]) -> Decimal | None:
    days = [(credit.booked_on - _first_tried_on(question, credit)).days for credit in first]
    return rounded(Fraction(sum(days), len(days))) if days else None


def _first_tried_on(question: Question, credit: Credit) -> date:
    """The first attempt since the last contact on a day before the credited one's."""
    patient_id, outreach_on = credit.patient_day
    before = [at for at in question.contacts(patient_id) if question.day(at) < outreach_on]
    tried = [row.occurred_at for row in question.attempts[patient_id]]
    since = [at for at in tried if not before or at > max(before)]
    return question.day(min(since))


def _channels(question: Question, rows: list[Attempt]) -> dict[str, Any]:
    of_kind = {"text": _texts, "mail": _mails, "call": _calls}
    return {
        channel.method: of_kind[channel.kind](question, [row for row in rows if row.method == channel.method])
        for channel in CHANNELS
    }


def _texts(_question: Question, rows: list[Attempt]) -> dict[str, Any]:
    delivered, responded = sum(row.outcome != "failed" for row in rows), sum(row.is_success for row in rows)
    return {
        "sent": len(rows),
        "delivered": delivered,
        "responded": responded,
        "response_rate": float(rounded(percent(responded, delivered))),
    }


def _mails(question: Question, rows: list[Attempt]) -> dict[str, Any]:
    is_known = any(_is_opened(question, row) for row in rows)
    opened = sum(
        (_is_opened(question, row) or row.is_success) if is_known else row.outcome != "failed" for row in rows
    )
    responded = sum(row.is_success for row in rows)
    return {
        "sent": len(rows),
        "opened": opened,
        "opened_tracked": is_known,
        "responded": responded,
        "response_rate": float(rounded(percent(responded, opened))),
    }


def _calls(question: Question, rows: list[Attempt]) -> dict[str, Any]:
    credited = {credit.attempt.id for credit in credits(question)}
    connected, booked = sum(row.is_success for row in rows), sum(row.id in credited for row in rows)
    return {
        "attempted": len(rows),
        "connected": connected,
        "appointment_booked": booked,
        "conversion_rate": float(rounded(percent(booked, connected))),
    }


def _is_opened(question: Question, row: Attempt) -> bool:
    return row.opened_at is not None and row.opened_at <= question.as_of


def _verdict(attempts: int, contact_rate: Fraction, conversion: Fraction) -> str:
    if not attempts:
        return "insufficient_data"
    at_or_above = (contact_rate >= CONTACT_BENCHMARK, conversion >= CONVERSION_BENCHMARK)
    if all(at_or_above):
        return "above_average"
    return "at_average" if any(at_or_above) else "below_average"
