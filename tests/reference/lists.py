"""The rows of the master view, of the active patients and of the contacts with appointments."""

import hashlib
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.reference.facts import Visit
from tests.reference.question import Question
from tests.reference.risk import Standing, standings
from tests.reference.rounding import rate

Row = dict[str, Any]


def master_view(question: Question) -> list[Row]:
    return [master_row(standing) for standing in standings(question)]


def master_row(standing: Standing) -> Row:
    question, patient = standing.question, standing.patient
    attempts = question.attempts.get(patient.id, [])
    notes = [note.created_at for note in question.notes.get(patient.id, [])]
    return {
        "organization_id": question.facts.organization_id,
        "patient_id": patient.id,
        "patient_name": patient.name,
        "phone": patient.phone,
        "email": patient.email,
        "engagement_status": standing.status,
        "risk_level": standing.level,
        "risk_score": standing.score,
        "days_since_last_contact": standing.days,
        "last_contact_at": standing.last_contact_at,
        "last_appointment_date": max(standing.attended, default=None),
        "next_scheduled_appointment": min(standing.booked, default=None),
        "recommended_action": standing.action,
        "action_priority": standing.priority,
        "risk_reasons": standing.reasons,
        "previous_response_rate": (
            rate(sum(row.is_success for row in attempts), len(attempts)) if attempts else None
        ),
        "total_lifetime_appointments": len(standing.attended),
        "missed_appointments_last_90d": standing.missed_90d,
        "missed_appointments_14d": len(standing.last_days(standing.missed, 14)),
        "attendance_rate_90d": standing.attendance_rate,
        "lifetime_value": lifetime_value(standing),
        "upcoming_appointment_count": len(standing.booked),
        "has_attended_last_30d": bool(standing.last_days(standing.attended, 30)),
        "created_at": patient.created_at,
        "updated_at": patient.updated_at,
        "treatment_note_count": len(notes),
        "last_treatment_note_at": max(notes, default=None),
    }


def lifetime_value(standing: Standing) -> Decimal | None:
    if not standing.question.facts.can_read_invoices:
        return None
    invoices = standing.question.invoices.get(standing.patient.id, [])
    return sum((invoice.signed_amount for invoice in invoices), Decimal(0))


def prioritized(question: Question) -> list[str]:
    """The ids of the risk population, whom to turn to first."""
    rows = [row for row in master_view(question) if row["risk_level"] is not None]
    return [row["patient_id"] for row in sorted(rows, key=_urgency)]


def _urgency(row: Row) -> tuple[Any, ...]:
    value = row["lifetime_value"]
    return (
        row["action_priority"],
        -row["risk_score"],
        (value is None, -(value or 0)),
        int(row["patient_id"]),
    )


def active_patients(question: Question) -> list[Row]:
    return [
        {
            "organization_id": question.facts.organization_id,
            "patient_id": standing.patient.id,
            "id": contact_number(question, standing.patient.id),
            "contact_id": contact_id(question, standing.patient.id),
            "contact_name": standing.patient.name,
            "contact_phone": bare_phone(standing),
            **_counts(standing),
            "total_appointment_count": len(standing.attended + standing.missed + standing.booked),
            "created_at": standing.patient.created_at,
            "updated_at": standing.patient.updated_at,
        }
        for standing in standings(question)
        if recent_visits(question, standing.patient.id)
    ]


def patient_recent_appointments(question: Question) -> list[Row]:
    return [
        {
            "organization_id": question.facts.organization_id,
            "patient_id": patient_id,
            "recent_appointments": [_shown(question, visit) for visit in recent[:10]],
        }
        for patient_id in question.visits
        if (recent := recent_visits(question, patient_id))
    ]


def contacts_with_appointments(question: Question) -> list[Row]:
    return [
        {
            "organization_id": question.facts.organization_id,
            "contact_id": contact_id(question, standing.patient.id),
            "name": standing.patient.name,
            "phone": bare_phone(standing),
            "email": standing.patient.email,
            "cliniko_patient_id": standing.patient.id,
            **_counts(standing),
        }
        for standing in standings(question)
        if standing.attended or standing.missed or standing.booked
    ]


def _counts(standing: Standing) -> Row:
    return {
        "recent_appointment_count": len(recent_visits(standing.question, standing.patient.id)),
        "upcoming_appointment_count": len(standing.booked),
        "last_appointment_date": max(standing.attended, default=None),
    }


def recent_visits(question: Question, patient_id: str) -> list[Visit]:
    """Attended in the last 45 days, newest first."""
    recent = [
        visit
        for visit in question.visits.get(patient_id, [])
        if question.status(visit) == "attended" and question.since(visit.starts_at) < 45
    ]
    by_id = sorted(recent, key=lambda visit: int(visit.id))
    return sorted(by_id, key=lambda visit: visit.starts_at, reverse=True)


def _shown(question: Question, visit: Visit) -> Row:
    return {
        "id": visit.id,
        "date": rfc3339(visit.starts_at),
        "type": question.facts.type_names.get(visit.appointment_type_id or ""),
        "practitioner": question.facts.practitioner_names.get(visit.practitioner_id or ""),
        "status": "attended",
    }


def rfc3339(instant: datetime) -> str:
    """To the second, as Cliniko gives them."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bare_phone(standing: Standing) -> str | None:
    return standing.patient.phone and standing.patient.phone.removeprefix("+")


def _hash(question: Question, patient_id: str) -> bytes:
    return hashlib.sha256(f"{question.facts.organization_id}:{patient_id}".encode()).digest()


def contact_number(question: Question, patient_id: str) -> int:
    return int.from_bytes(_hash(question, patient_id)) >> (256 - 52)


def contact_id(question: Question, patient_id: str) -> uuid.UUID:
    """UUID version 8: four bits say 8, two say which variant."""
    value = bytearray(_hash(question, patient_id)[:16])
    value[6] = 0x80 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return uuid.UUID(bytes=bytes(value))
