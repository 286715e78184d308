"""What is compared: the served relations, and the counts that the API draws from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, LiteralString

from serving.active_patients.queries import SUMMARY
from serving.reengagement.queries import PRIORITIZED, RISK_METRICS
from tests.reference.lists import active_patients, contacts_with_appointments, master_view, prioritized
from tests.reference.question import Question
from tests.reference.risk import LEVELS
from tests.reference.summaries import active_summary, risk_metrics

Row = dict[str, Any]


@dataclass(frozen=True)
class Mart:
    """A served relation, what identifies its rows, and the reference's rows of it."""

    name: str
    key: tuple[str, ...]
    expected: Callable[[Question], list[Row]]


@dataclass(frozen=True)
class Answer:
    """A statement of the API, and the part of its body that the reference knows."""

    name: str
    statement: LiteralString
    expected: Callable[[Question], Row]
    parameters: Mapping[str, Any] = field(default_factory=dict)


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
    Mart("patient_reengagement_master_view", ("patient_id",), master_view),
    Mart("active_patients", ("patient_id",), active_patients),
    Mart("contacts_with_appointments", ("cliniko_patient_id",), contacts_with_appointments),
)
WHOLE_LIST = {
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
    Answer("prioritized", PRIORITIZED, prioritized_answer, WHOLE_LIST),
)
