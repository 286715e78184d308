"""The truth about a generated clinic: every number of the metric catalogue, from the story of each patient.

story -> who and what exists at `as_of` (facts) -> each patient judged (rules) -> rows, orders, summary.
Written by hand from the catalogue in plain Python, so that it can contradict the SQL.
Outreach is none: nobody in a story is rung through the product.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sandbox.clinics.clock import Calendar, instant_of, iso, maybe_iso
from sandbox.clinics.facts import Known, Person, SeenVisit, known_at, zone_of
from sandbox.clinics.rounding import mean
from sandbox.clinics.rules import (
    engagement_status,
    priority,
    recommended_action,
    risk_level,
    risk_score,
)
from sandbox.clinics.standing import Days, lifetime_value, standing_of
from sandbox.clinics.story import Clinic, Story, load_story
from sandbox.clinics.truth_model import LEVELS, PatientTruth, RecentVisit, Summary, Truth


def truth_at(folder: Path, as_of: datetime) -> Truth:
    return truth_of(load_story(folder), as_of)


def truth_of(story: Story, as_of: datetime) -> Truth:
    now = instant_of(as_of)
    zone = zone_of(story.clinic.businesses, now)
    days = Days(Calendar(zone), now)
    known = known_at(story, now)
    names = _Names(story.clinic)
    rows = {person.patient.id: _row(story.clinic, person, days, names) for person in known.live}
    return Truth(
        as_of=iso(now),
        time_zone=zone,
        patients=rows,
        prioritised=_prioritised(rows.values()),
        active=_by_last_visit(row for row in rows.values() if row.is_active),
        with_appointments=_by_last_visit(row for row in rows.values() if row.has_appointments),
        survivor_of=known.survivor_of,
        summary=_summary(list(rows.values()), known),
    )


class _Names:
    def __init__(self, clinic: Clinic) -> None:
        self.type = {one.id: one.name for one in clinic.appointment_types}
        self.practitioner = {one.id: one.display_name for one in clinic.practitioners}


def _recent(visits: list[SeenVisit], names: _Names) -> tuple[RecentVisit, ...]:
    """Newest first, at most ten; of two at one instant the one with the smaller id."""
    newest = sorted(visits, key=lambda seen: (-seen.starts_at, int(seen.visit.id)))
    return tuple(
        RecentVisit(
            id=seen.visit.id,
            date=iso(seen.starts_at),
            type=names.type[seen.visit.appointment_type_id],
            practitioner=names.practitioner[seen.visit.practitioner_id],
        )
        for seen in newest[:10]
    )


def _row(clinic: Clinic, person: Person, days: Days, names: _Names) -> PatientTruth:
    standing = standing_of(person, days)
    status = engagement_status(standing)
    patient = person.patient
    attended = person.starts("attended")
    booked = person.starts("booked")
    recent = [seen for seen in person.visits if seen.status == "attended" and days.within(seen.starts_at, 45)]
    return PatientTruth(
        patient_id=patient.id,
        name=f"{patient.first_name} {patient.last_name}".strip(),
        email=patient.email or None,
        phone=_phone(person),
        created_at=iso(patient.created_at),
        engagement_status=status,
        risk_level=risk_level(standing, status),
        risk_score=risk_score(standing, status),
        action_priority=priority(standing, status),
        recommended_action=recommended_action(standing, status),
        last_contact_at=iso(standing.last_contact_at),
        days_since_last_contact=standing.days,
        last_appointment_date=maybe_iso(max(attended, default=None)),
        next_scheduled_appointment=maybe_iso(min(booked, default=None)),
        upcoming_appointment_count=len(booked),
        total_lifetime_appointments=len(attended),
        missed_appointments_last_90d=standing.missed_90d,
        missed_appointments_14d=sum(days.within(at, 14) for at in person.starts("missed")),
        attendance_rate_90d=standing.shown_rate_90d,
        lifetime_value=None if "invoices" in clinic.forbidden else lifetime_value(person),
        has_attended_last_30d=any(days.within(at, 30) for at in attended),
        is_discharged=standing.discharged,
        is_active=bool(recent),
        has_appointments=any(seen.status != "cancelled" for seen in person.visits),
        recent_appointment_count=len(recent),
        total_appointment_count=sum(seen.status != "cancelled" for seen in person.visits),
        recent_appointments=_recent(recent, names),
    )


def _phone(person: Person) -> str | None:
    """The first number of type Mobile, else the first that is no fax; what is no number does not count."""
    usable = [phone for phone in person.patient.phones if phone.e164]
    mobiles = [phone.e164 for phone in usable if phone.phone_type == "Mobile"]
    others = [phone.e164 for phone in usable if phone.phone_type != "Fax"]
    return (mobiles + others + [None])[0]


def _prioritised(rows: Iterable[PatientTruth]) -> tuple[str, ...]:
    def key(row: PatientTruth) -> tuple[int, int, bool, Decimal, int]:
        score = -1 if row.risk_score is None else row.risk_score
        value = row.lifetime_value
        return (row.action_priority, -score, value is None, -(value or Decimal(0)), int(row.patient_id))

    return tuple(row.patient_id for row in sorted(rows, key=key))


def _by_last_visit(rows: Iterable[PatientTruth]) -> tuple[str, ...]:
    """Last appointment descending, nulls last, then the id as a number."""
    by_id = sorted(rows, key=lambda row: int(row.patient_id))
    return tuple(
        row.patient_id for row in sorted(by_id, key=lambda row: row.last_appointment_date or "", reverse=True)
    )


def _summary(rows: list[PatientTruth], known: Known) -> Summary:
    at_risk = [row for row in rows if row.risk_level is not None]
    active = [row for row in rows if row.is_active]
    scores = {
        level: [row.risk_score for row in at_risk if row.risk_level == level and row.risk_score is not None]
        for level in LEVELS
    }
    return Summary(
        total_patients=len(at_risk),
        stale_patients=len(rows) - len(at_risk),
        risk_summary={level: len(scores[level]) for level in LEVELS},
        average_scores={level: mean(scores[level]) for level in LEVELS},
        engagement=dict(Counter(row.engagement_status for row in rows)),
        priorities=dict(Counter(row.action_priority for row in rows)),
        immediate_actions_required=sum(row.action_priority == 1 for row in rows),
        missed_appointments_14d=sum(row.missed_appointments_14d for row in at_risk),
        no_future_appointments=sum(
            row.has_attended_last_30d and not row.upcoming_appointment_count for row in at_risk
        ),
        failed_communications=0,
        total_active_patients=len(active),
        patients_with_upcoming_appointments=sum(row.upcoming_appointment_count > 0 for row in active),
        avg_recent_appointments=mean([row.recent_appointment_count for row in active]),
        avg_total_appointments=mean([row.total_appointment_count for row in active]),
        most_recent_appointment=max((row.last_appointment_date or "" for row in active), default="") or None,
        contacts_with_appointments=sum(row.has_appointments for row in rows),
        total_contacts=known.contacts,
        cliniko_linked=known.linked,
        unlinked=known.contacts - known.linked,
    )
