"""What is compared: the served relations, and the counts that the API draws from them."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

from serving.features.active_patients.router import SUMMARY
from serving.features.counted import COUNTS
from serving.features.reengagement.router import PRIORITIZED, RISK_METRICS
from tests.reference.lists import (
    active_patients,
    contacts_with_appointments,
    master_view,
    patient_recent_appointments,
    prioritized,
)
from tests.reference.outreach import bookings_attributed, performance
from tests.reference.question import Question
from tests.reference.risk import LEVELS
from tests.reference.summaries import active_summary, contact_metrics, risk_metrics
from tests.reference.tables import (
    NOTES,
    STATE_NOW,
    dim_patients,
    patient_states,
    treatment_notes,
    visits_as_of,
)
from tests.reference.trends import (
    PERIODS,
    channel_daily,
    channel_trends,
    daily,
    days_back,
    period_trends,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Mart:
    """A served relation, what identifies its rows, and the reference's rows of it."""

    name: str
    key: tuple[str, ...]
    expected: Callable[[Question], list[Row]]
    query: LiteralString = ""
    is_sampled: bool = False
    """The reference knows some of the rows: only those are compared."""


@dataclass(frozen=True)
class Answer:
    """A statement of the API, and the part of its body that the reference knows."""

    name: str
    statement: LiteralString
    expected: Callable[[Question], Row]
    parameters: Mapping[str, Any] = field(default_factory=dict)


ALL_DAYS: LiteralString = "select array_agg(day order by day) as days from marts.reengagement_daily"


def all_days(question: Question) -> list[Row]:
    return [{"days": days_back(question)}]


def some_days(question: Question) -> list[Row]:
    """The newest days, and others of the year at random: each costs the whole catalogue."""
    days = days_back(question)
    chance = random.Random(question.as_of.isoformat())
    return daily(question, [*chance.sample(days[:-8], 8), *days[-8:]])


def all_channel_days(question: Question) -> list[Row]:
    return channel_daily(question, days_back(question))


def some_periods(question: Question) -> list[Row]:
    chance = random.Random(question.as_of.isoformat())
    return period_trends(question, chance.sample(list(PERIODS), 2))


def contacts_answer(question: Question) -> Row:
    counts = contact_metrics(question)
    return {"contact_metrics": counts | {"link_percentage": float(counts["link_percentage"])}}


def risk_answer(question: Question) -> Row:
    counts = risk_metrics(question)
    alerts = ("missed_appointments_14d", "failed_communications", "no_future_appointments")
    return {
        "risk_summary": {level: counts[level] for level in LEVELS},
        "alerts": {alert: counts[alert] for alert in alerts},
        "immediate_actions_required": counts["immediate_actions_required"],
        "stale_patients": counts["stale_patients"],
    }


def summary_answer(question: Question) -> Row:
    counts = active_summary(question)
    return {
        name: float(value) if name.startswith("avg_") else value
        for name, value in counts.items()
        if name != "most_recent_appointment"
    }


def prioritized_answer(question: Question) -> Row:
    ids = prioritized(question)
    summary = {"total_returned": len(ids), "total_matching": len(ids), "filters_applied": {}}
    return {"patients": ids, "summary": summary}


MARTS = (
    Mart("dim_patients", ("patient_id",), dim_patients),
    Mart("visits_as_of", ("visit_kind", "visit_id"), visits_as_of),
    Mart("fct_patient_states", ("patient_id",), patient_states, STATE_NOW),
    Mart("fct_treatment_notes", ("treatment_note_id",), treatment_notes, NOTES),
    Mart("bookings_attributed", ("visit_kind", "visit_id"), bookings_attributed),
    Mart("reengagement_performance_view", ("timeframe",), performance),
    Mart("reengagement_daily", ("day",), some_days, is_sampled=True),
    Mart("reengagement_trends", ("period", "day"), some_periods, is_sampled=True),
    Mart("channel_daily", ("day", "method"), all_channel_days),
    Mart("channel_trends", ("period", "method"), channel_trends),
    Mart("the days of reengagement_daily", (), all_days, ALL_DAYS),
    Mart("patient_reengagement_master_view", ("patient_id",), master_view),
    Mart("active_patients", ("patient_id",), active_patients),
    Mart("patient_recent_appointments", ("patient_id",), patient_recent_appointments),
    Mart("contacts_with_appointments", ("cliniko_patient_id",), contacts_with_appointments),
)
WHOLE_LIST: Mapping[str, Any] = {
    "engagement_status": None,
    "action_priority": None,
    "search": None,
    "digits": "",
    "after": None,
    "risk_level": "all",
    "limit": 1000,
    "filters": "{}",
}
ANSWERS = (
    Answer("risk-metrics", RISK_METRICS, risk_answer),
    Answer("active-patients summary", SUMMARY, summary_answer),
    Answer("counts", COUNTS, contacts_answer),
    Answer("prioritized", PRIORITIZED, prioritized_answer, WHOLE_LIST),
)
