"""The shape of the truth: what tests compare with the API's answers, field by field."""

from dataclasses import dataclass
from decimal import Decimal

LEVELS = ("critical", "high", "medium", "low", "engaged")


@dataclass(frozen=True, slots=True)
class RecentVisit:
    """`id` is the appointment's, or the attendee's for a seat in a class."""

    id: str
    date: str
    type: str
    practitioner: str
    status: str = "attended"


@dataclass(frozen=True, slots=True)
class PatientTruth:
    """One live patient. Instants are RFC 3339 with Z, phones E.164 with +, money exact, ids text."""

    patient_id: str
    name: str
    email: str | None
    phone: str | None
    created_at: str
    engagement_status: str
    risk_level: str | None
    risk_score: int | None
    action_priority: int
    recommended_action: str
    last_contact_at: str
    days_since_last_contact: int
    last_appointment_date: str | None
    next_scheduled_appointment: str | None
    upcoming_appointment_count: int
    total_lifetime_appointments: int
    missed_appointments_last_90d: int
    missed_appointments_14d: int
    attendance_rate_90d: Decimal | None
    lifetime_value: Decimal | None
    has_attended_last_30d: bool
    is_discharged: bool
    is_active: bool
    has_appointments: bool
    recent_appointment_count: int
    total_appointment_count: int
    recent_appointments: tuple[RecentVisit, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over the clinic; averages have one decimal, as the answers show them."""

    total_patients: int
    stale_patients: int
    risk_summary: dict[str, int]
    average_scores: dict[str, Decimal]
    engagement: dict[str, int]
    priorities: dict[int, int]
    immediate_actions_required: int
    missed_appointments_14d: int
    no_future_appointments: int
    failed_communications: int
    total_active_patients: int
    patients_with_upcoming_appointments: int
    avg_recent_appointments: Decimal
    avg_total_appointments: Decimal
    most_recent_appointment: str | None
    contacts_with_appointments: int
    total_contacts: int
    cliniko_linked: int
    unlinked: int


@dataclass(frozen=True, slots=True)
class Truth:
    """`patients` holds every live patient by id; the lists are ordered as the answers are."""

    as_of: str
    time_zone: str
    patients: dict[str, PatientTruth]
    prioritised: tuple[str, ...]
    active: tuple[str, ...]
    with_appointments: tuple[str, ...]
    survivor_of: dict[str, str]
    summary: Summary
