"""Individual appointments, classes and the seats in both."""

from sandbox.clinics.clock import DAY, iso, maybe_iso
from sandbox.clinics.records.base import Record, link, maybe_link, own, present, some
from sandbox.clinics.story import GroupClass, Patient, Visit

REASONS = {10: "Feeling Better", 20: "Condition Worse", 30: "Sick", 40: "Away", 50: "Other", 60: "Work"}


def individual_appointment_record(patient: Patient, visit: Visit) -> Record:
    record_id = visit.booking_id
    reminded = visit.cancelled_at is None and visit.updated_at > visit.starts_at - DAY
    record: Record = {"id": record_id}
    record |= present(
        appointment_type=link(f"appointment_types/{visit.appointment_type_id}"),
        attendees=link(f"individual_appointments/{record_id}/attendees"),
        business=link(f"businesses/{visit.business_id}"),
        conflicts=link(f"individual_appointments/{record_id}/conflicts"),
        patient=link(f"patients/{patient.id}"),
        patient_case=maybe_link("patient_cases", visit.case_id),
        practitioner=link(f"practitioners/{visit.practitioner_id}"),
    )
    record |= _cancellation(visit) | _stamps(visit)
    record |= {
        "booking_ip_address": "192.0.2.7" if some(record_id, 1, 4) == 0 else None,
        "did_not_arrive": visit.did_not_arrive,
        "email_reminder_sent": reminded,
        "ends_at": iso(visit.ends_at),
        "has_patient_appointment_notes": False,
        "invoice_status": None,
        "notes": "",
        "online_booking_policy_accepted": None,
        "patient_arrived": visit.arrived,
        "patient_name": f"{patient.first_name} {patient.last_name}".strip(),
        "repeat_rule": {},
        "repeats": None,
        "sms_reminder_sent": reminded and some(record_id, 2, 2) == 0,
        "starts_at": iso(visit.starts_at),
        "telehealth_url": None,
        "treatment_note_status": None,
        "links": own("individual_appointments", record_id),
    }
    return record


def group_appointment_record(group_class: GroupClass, patient_ids: list[str]) -> Record:
    record_id = group_class.id
    return {
        "id": record_id,
        "appointment_type": link(f"appointment_types/{group_class.appointment_type_id}"),
        "archived_at": maybe_iso(group_class.removed_at),
        "attendees": link(f"group_appointments/{record_id}/attendees"),
        "business": link(f"businesses/{group_class.business_id}"),
        "conflicts": link(f"group_appointments/{record_id}/conflicts"),
        "created_at": iso(group_class.created_at),
        "deleted_at": maybe_iso(group_class.removed_at),
        "ends_at": iso(group_class.ends_at),
        "max_attendees": group_class.max_attendees,
        "notes": None,
        "patient_ids": patient_ids,
        "practitioner": link(f"practitioners/{group_class.practitioner_id}"),
        "repeat_rule": {},
        "repeats": None,
        "starts_at": iso(group_class.starts_at),
        "telehealth_url": None,
        "updated_at": iso(group_class.updated_at),
        "links": own("group_appointments", record_id),
    }


def attendee_record(patient: Patient, visit: Visit) -> Record:
    """A seat: of a class, or the only one of an individual appointment, whose flags it then mirrors."""
    record_id = visit.attendee_id
    record: Record = {"id": record_id}
    record |= present(
        booking=link(f"bookings/{visit.booking_id}"),
        invoices=link(f"attendees/{record_id}/invoices"),
        patient=link(f"patients/{patient.id}"),
        patient_case=maybe_link("patient_cases", visit.case_id),
        patient_forms=link(f"attendees/{record_id}/patient_forms"),
    )
    record |= _cancellation(visit) | _stamps(visit)
    record |= {
        "arrived": True if visit.arrived else False if visit.did_not_arrive else None,
        "booking_ip_address": None,
        "cancellation_url": None,
        "email_reminder_sent": False,
        "invoice_status": None,
        "notes": "",
        "online_booking_policy_accepted": None,
        "sent_email_follow_ups_count": 0,
        "sent_email_reminders_count": some(record_id, 3, 2),
        "sent_sms_follow_ups_count": 0,
        "sent_sms_reminders_count": some(record_id, 4, 2),
        "sms_reminder_sent": False,
        "telehealth_url": None,
        "treatment_note_status": 90 if visit.arrived else None,
        "links": own("attendees", record_id),
    }
    return record


def _cancellation(visit: Visit) -> Record:
    if visit.cancelled_at is None:
        return {"cancellation_note": None, "cancellation_reason": None, "cancellation_reason_description": ""}
    reason = visit.cancellation_reason or 50
    return {
        "cancellation_note": "Told the desk",
        "cancellation_reason": reason,
        "cancellation_reason_description": REASONS[reason],
    }


def _stamps(visit: Visit) -> Record:
    """Removing sets both fields at the same instant, our reading of what Cliniko does today."""
    return {
        "archived_at": maybe_iso(visit.removed_at),
        "cancelled_at": maybe_iso(visit.cancelled_at),
        "created_at": iso(visit.created_at),
        "deleted_at": maybe_iso(visit.removed_at),
        "updated_at": iso(visit.updated_at),
    }
