"""Communications in their three shapes: text messages, emails (with a subject), memos (no links but one)."""

from sandbox.clinics.clock import iso, maybe_iso
from sandbox.clinics.messages import EMAIL, MEMO
from sandbox.clinics.records.base import Record, link, maybe_link, own, present
from sandbox.clinics.story import Message, Patient

CATEGORIES = {
    1: "Appointment Reminder",
    2: "Patient Reply Forwarded",
    4: "Appointment Confirmation",
    5: "Letter",
    7: "SMS Message",
    8: "Reply from Patient",
    12: "Memo",
    15: "Bulk Email",
    48: "Appointment Follow Up Message",
}
TYPES = {1: "SMS", 2: "Email", 3: "Phone call", 4: "Other"}


def communication_record(patient: Patient, message: Message) -> Record:
    record_id = message.id
    is_memo = message.category_code == MEMO
    theirs = _address(patient, message)
    record: Record = {"id": record_id}
    record |= present(
        attendee=None if is_memo else maybe_link("attendees", message.attendee_id),
        booking=None if is_memo else maybe_link("bookings", message.booking_id),
        patient=link(f"patients/{patient.id}"),
    )
    record |= {
        "archived_at": maybe_iso(message.removed_at),
        "category": CATEGORIES[message.category_code],
        "category_code": message.category_code,
        "content": "Invented words of a patient" if message.inbound else "Invented words of the clinic",
        "created_at": iso(message.created_at),
        "direction_code": 2 if message.inbound else 1,
        "direction_description": "Received" if message.inbound else "Sent",
        "from": theirs if message.inbound else None,
        "to": None if message.inbound else theirs,
        "type": TYPES[message.type_code],
        "type_code": message.type_code,
        "updated_at": iso(message.removed_at or message.created_at),
        "links": own("communications", record_id),
    }
    if message.type_code == EMAIL:
        record["content_subject"] = "About an invented visit"
    if is_memo:
        record["confidential"] = False
    return record


def _address(patient: Patient, message: Message) -> str | None:
    if message.type_code == EMAIL:
        return patient.email or None
    return next((phone.normalized_number for phone in patient.phones if phone.normalized_number), None)
