"""The rows of what lies under the lists: patients, visits and states at the instant of the question."""

from datetime import datetime, timedelta
from typing import Any

from tests.reference.facts import Visit
from tests.reference.lists import contact_id, contact_number
from tests.reference.question import Question
from tests.reference.risk import Standing, standings

Row = dict[str, Any]


def dim_patients(question: Question) -> list[Row]:
    return [
        {
            "organization_id": question.facts.organization_id,
            "patient_id": patient.id,
            "survivor_patient_id": patient.survivor_id,
            "is_merged": patient.is_merged,
            "is_purged": patient.is_purged,
            "contact_id": contact_id(question, patient.id),
            "contact_number": contact_number(question, patient.id),
            "patient_name": patient.name,
            "first_name": patient.first_name,
            "last_name": patient.last_name,
            "phone": patient.phone,
            "phone_note": patient.phone_note,
            "has_forbidden_phone": patient.has_forbidden_phone,
            "email": patient.email,
            "created_at": patient.created_at,
            "archived_at": patient.removed_at,
            "updated_at": patient.updated_at,
        }
        for patient in question.facts.patients.values()
    ]


def treatment_notes(question: Question) -> list[Row]:
    """All but the text: that is not a number."""
    return [
        {
            "organization_id": question.facts.organization_id,
            "treatment_note_id": note.id,
            "patient_id": note.patient_id,
            "practitioner_id": note.practitioner_id,
            "noted_at": note.created_at,
            "title": note.title,
            "is_draft": note.is_draft,
            "removed_at": note.removed_at,
            "updated_at": note.updated_at,
        }
        for note in question.facts.notes
    ]


def visits_as_of(question: Question) -> list[Row]:
    return [_visit(question, visit) for visits in question.visits.values() for visit in visits]


def _visit(question: Question, visit: Visit) -> Row:
    status = question.status(visit)
    cancelled_at = visit.cancelled_at if status == "cancelled" else None
    return {
        "organization_id": question.facts.organization_id,
        "visit_kind": visit.kind,
        "visit_id": visit.id,
        "patient_id": visit.patient_id,
        "starts_at": visit.starts_at,
        "created_at": visit.created_at,
        "cancelled_at": cancelled_at,
        "status": status,
        "is_booked": status == "booked",
        "is_missed": status == "missed",
        "is_attended": status == "attended",
        "is_late_cancellation": (
            cancelled_at is not None and visit.starts_at - cancelled_at < timedelta(hours=24)
        ),
        "appointment_type_id": visit.appointment_type_id,
        "practitioner_id": visit.practitioner_id,
        "business_id": visit.business_id,
    }


NOTES = """
    select
        organization_id, treatment_note_id, patient_id, practitioner_id, noted_at, title, is_draft,
        removed_at, updated_at
    from marts.fct_treatment_notes
"""
# The state that holds at the instant; of the starts it keeps, those that each such state must keep.
STATE_NOW = """
    select
        organization_id, patient_id, last_contact_at, has_contact, last_attended_at, next_booked_at,
        last_missed_at, last_cancelled_at, attended_count, missed_count, booked_count, is_discharged,
        array(select at from unnest(attended_at) as at where at > app.as_of() - interval '95 days')
            as attended_at,
        array(select at from unnest(missed_at) as at where at > app.as_of() - interval '95 days') as missed_at
    from marts.fct_patient_states
    where from_at <= app.as_of() and to_at > app.as_of()
"""


def patient_states(question: Question) -> list[Row]:
    return [_state(standing) for standing in standings(question)]


def _state(standing: Standing) -> Row:
    patient = standing.patient
    contacts = standing.question.contacts(patient.id, with_outreach=False)
    return {
        "organization_id": standing.question.facts.organization_id,
        "patient_id": patient.id,
        "last_contact_at": max(contacts, default=patient.created_at),
        "has_contact": bool(contacts),
        "last_attended_at": max(standing.attended, default=None),
        "next_booked_at": min(standing.booked, default=None),
        "last_missed_at": max(standing.missed, default=None),
        "last_cancelled_at": max(standing.cancelled, default=None),
        "attended_count": len(standing.attended),
        "missed_count": len(standing.missed),
        "booked_count": len(standing.booked),
        "is_discharged": standing.is_discharged,
        "attended_at": _kept(standing, standing.attended),
        "missed_at": _kept(standing, standing.missed),
    }


def _kept(standing: Standing, instants: list[datetime]) -> list[datetime]:
    oldest = standing.question.as_of - timedelta(days=95)
    return sorted(instant for instant in instants if instant > oldest)
