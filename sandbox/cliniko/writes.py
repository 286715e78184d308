"""The writes that change what a sync sees: edit, cancel, archive, unarchive."""

from datetime import UTC, datetime
from typing import Any

from sandbox.cliniko.clinic import Clinic, now
from sandbox.cliniko.refusals import invalid, record_not_found
from sandbox.cliniko.resources import CANCELLATION_REASONS
from sandbox.cliniko.store import Record

_REQUIRED = {"patients": ("first_name", "last_name")}
_WRITABLE: dict[str, tuple[str, ...]] = {
    "patients": (
        "accepted_email_marketing",
        "accepted_privacy_policy",
        "accepted_sms_marketing",
        "appointment_notes",
        "date_of_birth",
        "email",
        "first_name",
        "last_name",
        "notes",
        "patient_phone_numbers",
        "preferred_first_name",
        "title",
    ),
    "individual_appointments": ("did_not_arrive", "ends_at", "notes", "patient_arrived", "starts_at"),
    "attendees": ("arrived", "notes"),
}
EDITABLE = set(_WRITABLE)


def instant() -> str:
    return datetime.fromtimestamp(now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _existing(clinic: Clinic, name: str, record_id: int) -> Record:
    record = clinic.store.get(name, record_id)
    if record is None:
        raise record_not_found()
    return record


def edit(clinic: Clinic, name: str, record_id: int, body: dict[str, Any]) -> Record:
    """Takes the members that may be written, leaves out the rest, as Rails does."""
    record = _existing(clinic, name, record_id)
    blank = [field for field in _REQUIRED.get(name, ()) if field in body and not body[field]]
    if blank:
        raise invalid(**dict.fromkeys(blank, "can't be blank"))
    record |= {field: body[field] for field in _WRITABLE[name] if field in body} | {"updated_at": instant()}
    if record.get("ends_at") and record["ends_at"] <= record.get("starts_at", ""):
        raise invalid(ends_at="must be after starts_at")
    clinic.store.put(name, [record])
    return record


def cancel(clinic: Clinic, name: str, record_id: int, body: dict[str, Any]) -> None:
    record = _existing(clinic, name, record_id)
    reason = body.get("cancellation_reason")
    if reason not in CANCELLATION_REASONS:
        raise invalid(cancellation_reason="is not included in the list")
    if record.get("cancelled_at"):
        raise invalid(base="is already cancelled")
    if name == "attendees" and not _is_in_group(clinic, record):
        raise invalid(base="only group bookings are cancelled by attendee")
    at = instant()
    record |= {
        "cancelled_at": at,
        "cancellation_reason": reason,
        "cancellation_reason_description": CANCELLATION_REASONS[reason],
        "cancellation_note": body.get("cancellation_note"),
        "updated_at": at,
    }
    clinic.store.put(name, [record])


def _is_in_group(clinic: Clinic, attendee: Record) -> bool:
    link = str(attendee["booking"]["links"]["self"])
    return clinic.store.get("group_appointments", int(link.rpartition("/")[2])) is not None


def archive(clinic: Clinic, name: str, record_id: int, *, undo: bool = False) -> None:
    """Sets or clears archived_at, and by the clinic's choices deleted_at and updated_at."""
    record = _existing(clinic, name, record_id)
    own = clinic.profile.choices
    at = instant()
    record["archived_at"] = None if undo else at
    if own.archive_sets_deleted_at and "deleted_at" in record:
        record["deleted_at"] = record["archived_at"]
    if name not in own.archive_keeps_updated_at:
        record["updated_at"] = at
    clinic.store.put(name, [record])
