"""The counts of a clinic: risk metrics with their alerts, active patients in a line, contacts and links."""

from typing import Any

from tests.reference.lists import active_patients
from tests.reference.question import Question
from tests.reference.risk import LEVELS, standings
from tests.reference.rounding import mean, rate


def risk_metrics(question: Question) -> dict[str, Any]:
    population = [standing for standing in standings(question) if standing.level is not None]
    at_risk = {standing.patient.id for standing in population}
    failed = [
        row
        for patient_id, rows in question.attempts.items()
        for row in rows
        if patient_id in at_risk and row.outcome == "failed" and question.since(row.occurred_at) < 14
    ]
    return {
        **{level: sum(standing.level == level for standing in population) for level in LEVELS},
        "total_patients": len(population),
        "stale_patients": len(question.patients) - len(population),
        "immediate_actions_required": sum(standing.priority == 1 for standing in population),
        "missed_appointments_14d": sum(len(it.last_days(it.missed, 14)) for it in population),
        "failed_communications": len(failed),
        "no_future_appointments": sum(
            bool(it.last_days(it.attended, 30)) and not it.booked for it in population
        ),
        "avg_score": {
            level: mean([it.score for it in population if it.level == level and it.score is not None])
            for level in LEVELS
        },
    }


def active_summary(question: Question) -> dict[str, Any]:
    rows = active_patients(question)
    return {
        "total_active_patients": len(rows),
        "patients_with_recent_appointments": sum(row["recent_appointment_count"] > 0 for row in rows),
        "patients_with_upcoming_appointments": sum(row["upcoming_appointment_count"] > 0 for row in rows),
        "avg_recent_appointments": mean([row["recent_appointment_count"] for row in rows]),
        "avg_total_appointments": mean([row["total_appointment_count"] for row in rows]),
        "most_recent_appointment": max((row["last_appointment_date"] for row in rows), default=None),
    }


def contact_metrics(question: Question) -> dict[str, Any]:
    """Every patient ever seen and not merged away; those Cliniko still holds, archived ones included."""
    seen = [
        patient
        for patient in question.facts.patients.values()
        if patient.created_at <= question.as_of and not patient.is_merged
    ]
    linked = [patient for patient in seen if not patient.is_purged]
    return {
        "total_contacts": len(seen),
        "cliniko_linked": len(linked),
        "unlinked": len(seen) - len(linked),
        "link_percentage": rate(len(linked), len(seen)),
    }
