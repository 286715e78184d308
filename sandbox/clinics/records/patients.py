"""Patients as `/patients` shows them. Addresses, card numbers and the like must never reach our product."""

from sandbox.clinics.clock import iso, maybe_iso
from sandbox.clinics.phones import country_of
from sandbox.clinics.records.base import Record, link, listed, maybe_link, one_of, own, present, some
from sandbox.clinics.story import Clinic, Patient

STREETS = ("Invented Lane", "Example Street", "Sample Parade", "Fiction Court", "Pretend Road")
JOBS = ("Luthier", "Baker", "Cartographer", "Beekeeper", "Tram driver", "")
NOTES = ("", "", "", "Prefers the ground-floor room", "Hard of hearing on the left")
COUNTRIES = {"AU": "Australia", "GB": "United Kingdom", "US": "United States"}
PRONOUNS = {
    "nominative": "they",
    "accusative": "them",
    "pronominal_possessive": "their",
    "predicative_possessive": "theirs",
    "reflexive": "themself",
}


def patient_record(clinic: Clinic, patient: Patient) -> Record:
    record_id = patient.id
    record: Record = {"id": record_id}
    record |= _person(patient) | _address(country_of(patient.phones, clinic.country), record_id)
    record |= _cards(record_id) | _wishes(record_id) | _relations(patient)
    record |= {
        "archived_at": maybe_iso(patient.archived_at),
        "created_at": iso(patient.created_at),
        "deleted_at": maybe_iso(patient.archived_at),
        "merged_at": maybe_iso(patient.merged_at),
        "updated_at": iso(patient.updated_at),
        "links": own("patients", record_id),
    }
    return record


def _person(patient: Patient) -> Record:
    record_id = patient.id
    return {
        "date_of_birth": _birth(record_id),
        "email": patient.email or one_of(record_id, 1, (None, "")),
        "first_name": patient.first_name,
        "gender": None,
        "gender_identity": one_of(record_id, 2, ("Woman", "Man", "Non-binary", None)),
        "label": f"{patient.first_name} {patient.last_name}".strip(),
        "last_name": patient.last_name,
        "notes": "",
        "occupation": one_of(record_id, 3, JOBS),
        "patient_phone_numbers": [
            {
                "number": phone.number,
                "normalized_number": phone.normalized_number,
                "phone_type": phone.phone_type,
            }
            for phone in patient.phones
        ],
        "preferred_first_name": None,
        "pronouns": PRONOUNS if some(record_id, 4, 20) == 0 else None,
        "sex": one_of(record_id, 5, ("Female", "Male", None)),
        "title": one_of(record_id, 6, ("Ms", "Mr", "Mx", "Dr", "")),
    }


def _birth(record_id: str) -> str | None:
    if some(record_id, 7, 40) == 0:
        return None
    year, month, day = 1931 + some(record_id, 8, 88), 1 + some(record_id, 9, 12), 1 + some(record_id, 10, 28)
    return f"{year}-{month:02d}-{day:02d}"


def _address(country: str, record_id: str) -> Record:
    return {
        "address_1": f"{1 + some(record_id, 11, 180)} {one_of(record_id, 12, STREETS)}",
        "address_2": "",
        "address_3": "",
        "city": one_of(record_id, 13, ("Lower Fennel", "Port Example", "Sampleford")),
        "country": COUNTRIES.get(country, country),
        "country_code": country,
        "post_code": f"00{some(record_id, 14, 100):02d}",
        "state": one_of(record_id, 15, ("NSW", "VIC", "QLD")) if country == "AU" else "",
        "time_zone": None,
    }


def _cards(record_id: str) -> Record:
    """Visibly no real card: all of them begin with zeros."""
    return {
        "dva_card_number": None,
        "emergency_contact": one_of(record_id, 16, ("", "Somebody Invented (sibling)")),
        "invoice_default_to": "",
        "invoice_email": None,
        "invoice_extra_information": "",
        "medicare": f"0000 {some(record_id, 17, 100_000):05d} 0",
        "medicare_reference_number": one_of(record_id, 18, (None, "1", "2")),
        "old_reference_id": f"OLD-{some(record_id, 19, 10_000):04d}",
        "referral_source": one_of(record_id, 20, (None, "A friend", "Invented search engine")),
    }


def _wishes(record_id: str) -> Record:
    reminder = one_of(record_id, 21, ("SMS & Email", "SMS", "Email", "None"))
    return {
        "accepted_email_marketing": one_of(record_id, 22, (True, False, None)),
        "accepted_privacy_policy": one_of(record_id, 23, (True, None)),
        "accepted_sms_marketing": one_of(record_id, 24, (True, False, None)),
        "appointment_notes": one_of(record_id, 25, NOTES),
        "custom_fields": {"sections": []} if some(record_id, 26, 3) == 0 else None,
        "receives_cancellation_emails": True,
        "receives_confirmation_emails": some(record_id, 27, 5) > 0,
        "reminder_type": reminder,
    }


def _relations(patient: Patient) -> Record:
    record_id = patient.id
    latest = max(patient.visits, key=lambda visit: visit.starts_at).booking_id if patient.visits else None
    return present(
        appointments=link(f"patients/{record_id}/appointments"),
        attendees=listed("attendees", "patient_id", record_id),
        invoices=link(f"patients/{record_id}/invoices"),
        latest_booking=maybe_link("bookings", latest),
        medical_alerts=link(f"patients/{record_id}/medical_alerts"),
        merged_with_patient=maybe_link("patients", patient.merged_with),
        patient_attachments=link(f"patients/{record_id}/patient_attachments"),
        relationships=listed("relationships", "patient_id", record_id),
    )
