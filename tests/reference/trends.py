"""Chapter 6, the slow way: for each day, everything that was known at that day's end."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from serving.features.channels import METHODS
from tests.reference.days import end_of
from tests.reference.outreach import first_credits, patient_days
from tests.reference.question import Question
from tests.reference.risk import LEVELS, Standing, standings
from tests.reference.rounding import percent, rounded

PERIODS = {"7d": 7, "30d": 30, "90d": 90, "6m": 182, "1y": 365}


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
    }


def channel_daily(question: Question, days: Iterable[date]) -> list[dict[str, Any]]:
    return [
        {
            "organization_id": question.facts.organization_id,
            "day": day,
            "method": method,
            **_counted(question, method, day, 1),
        }
        for day in days
        for method in METHODS
    ]


def channel_trends(question: Question) -> list[dict[str, Any]]:
    """Successes of rows in points against the period before; five of them are still stable."""
    today = question.day(question.as_of)
    rows = []
    for period, days in PERIODS.items():
        for place, method in enumerate(METHODS, 1):
            now = _counted(question, method, today, days)
            former = _counted(question, method, today - timedelta(days), days)
            points = Fraction(0)
            if now["attempts"] and former["attempts"]:
                points = 100 * Fraction(now["successes"], now["attempts"])
                points -= 100 * Fraction(former["successes"], former["attempts"])
            trend = "improving" if points > 5 else "declining" if points < -5 else "stable"
            rows.append(
                {
                    "organization_id": question.facts.organization_id,
                    "period": period,
                    "method": method,
                    "place": place,
                    **now,
                    **{f"former_{name}": count for name, count in former.items()},
                    "change_points": rounded(points),
                    "success_rate_trend": trend,
                }
            )
    return rows


def _counted(question: Question, method: str, last_day: date, days: int) -> dict[str, int]:
    """Rows of so many local days, and those that were answered."""
    rows = [
        row
        for of_patient in question.attempts.values()
        for row in of_patient
        if row.method == method and 0 <= (last_day - question.day(row.occurred_at)).days < days
    ]
    return {"attempts": len(rows), "successes": sum(row.is_success for row in rows)}


def period_trends(question: Question, periods: Iterable[str]) -> list[dict[str, Any]]:
    """Today of each period, against the end of the day before the period."""
    today = question.day(question.as_of)
    return [_trend(question, period, today) for period in periods]


def _trend(question: Question, period: str, today: date) -> dict[str, Any]:
    now, then = _row(question, today), _row(question, today - timedelta(PERIODS[period]))
    at_risk, everybody = zip(
        *((row["critical"] + row["high"], sum(row[level] for level in LEVELS)) for row in (now, then)),
        strict=True,
    )
    shown = {name: now[name] for name in now if name not in {"successful_contacts", "converted_contacts"}}
    return shown | {
        "period": period,
        "contact_success_rate": rounded(percent(now["successful_contacts"], now["outreach_attempts"])),
        "conversion_rate": rounded(percent(now["converted_contacts"], now["successful_contacts"])),
        "critical_trend": _count_trend(now["critical"], then["critical"]),
        "high_trend": _count_trend(now["high"], then["high"]),
        "is_improvement": at_risk[0] * everybody[1] < at_risk[1] * everybody[0]
        or (everybody[0] == 0 < at_risk[1]),
    }


def _count_trend(now: int, then: int) -> str:
    if then == 0:
        return "increasing" if now else "stable"
    change = Fraction(now - then, then)
    if abs(change) <= Fraction(5, 100):
        return "stable"
    return "increasing" if change > 0 else "decreasing"


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
