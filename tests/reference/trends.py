"""Chapter 6, the slow way: for each day, everything that was known at that day's end."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from tests.reference.days import end_of
from tests.reference.outreach import first_credits, patient_days
from tests.reference.question import Question
from tests.reference.risk import LEVELS, Standing, standings

METHODS = ("sms", "email", "phone")


def days_back(question: Question, count: int = 366) -> list[date]:
    """Local days, today last."""
    today = question.day(question.as_of)
    return [today - timedelta(days=ago) for ago in reversed(range(count))]


def daily(question: Question, days: Iterable[date]) -> list[dict[str, Any]]:
    return [_row(question, day) for day in days]


def at_end_of(question: Question, day: date) -> Question:
    """The same question at the end of that day; today it is now."""
    ended_at = min(end_of(day, question.zone), question.as_of)
    return Question(question.facts, ended_at, question.zone)


def _row(question: Question, day: date) -> dict[str, Any]:
    then, before = at_end_of(question, day), at_end_of(question, day - timedelta(days=1))
    now_standing, was_standing = _standings(then), _standings(before)
    levels = [standing.level for standing in now_standing.values()]
    rows = [row for of_patient in then.attempts.values() for row in of_patient]
    today = [row for row in rows if then.day(row.occurred_at) == day]
    successful = patient_days(then, [row for row in today if row.is_success])
    first = first_credits(then)
    return {
        "organization_id": question.facts.organization_id,
        "day": day,
        **{level: levels.count(level) for level in LEVELS},
        "new_at_risk": len(_at_risk(now_standing) - _at_risk(was_standing)),
        "reengaged_successfully": sum(
            _was_lost(was_standing.get(patient_id)) and _touched_on(then, patient_id, day)
            for patient_id in now_standing
        ),
        "outreach_attempts": len(patient_days(then, today)),
        "successful_contacts": len(successful),
        "converted_contacts": len(successful & set(first)),
        "appointments_scheduled": sum(credit.booked_on == day for credit in first.values()),
        **{f"{it}_attempts": sum(row.method == it for row in today) for it in METHODS},
        **{f"{it}_successes": sum(row.method == it and row.is_success for row in today) for it in METHODS},
    }


def _standings(then: Question) -> dict[str, Standing]:
    """D is counted in the zone that the clinic had then, the days of the trend in that of the question."""
    asked_then = Question.at(then.facts, then.as_of)
    return {standing.patient.id: standing for standing in standings(asked_then)}


def _at_risk(standing: dict[str, Standing]) -> set[str]:
    return {patient_id for patient_id, it in standing.items() if it.level in {"high", "critical"}}


def _was_lost(standing: Standing | None) -> bool:
    """Came once, was not in touch for 30 days, had nothing booked."""
    if standing is None:
        return False
    return bool(standing.attended) and standing.days >= 30 and not standing.booked


def _touched_on(question: Question, patient_id: str, day: date) -> bool:
    return any(question.day(contact) == day for contact in question.contacts(patient_id))
