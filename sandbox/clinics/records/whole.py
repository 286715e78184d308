"""All records of one patient, and all of the clinic's own, as (resource, record) pairs."""

from collections.abc import Iterator

from sandbox.clinics.records.base import Record
from sandbox.clinics.records.communications import communication_record
from sandbox.clinics.records.paperwork import (
    invoice_item_record,
    invoice_record,
    patient_case_record,
    treatment_note_record,
)
from sandbox.clinics.records.patients import patient_record
from sandbox.clinics.records.premises import (
    appointment_type_record,
    business_record,
    practitioner_record,
    user_records,
)
from sandbox.clinics.records.visits import (
    attendee_record,
    group_appointment_record,
    individual_appointment_record,
)
from sandbox.clinics.story import Clinic, Patient, Visit

Shown = tuple[str, Record]


def records_of_patient(clinic: Clinic, patient: Patient, authors: dict[str, str]) -> Iterator[Shown]:
    yield "patients", patient_record(clinic, patient)
    for visit in patient.visits:
        yield from records_of_visit(clinic, patient, visit)
    for case in patient.cases:
        shown = patient_case_record(patient, case, with_attendees=clinic.has_individual_attendees)
        yield "patient_cases", shown
    for invoice in patient.invoices:
        yield "invoices", invoice_record(patient, invoice)
        for item in invoice.items:
            yield "invoice_items", invoice_item_record(invoice, item)
    for note in patient.notes:
        yield "treatment_notes", treatment_note_record(patient, note, authors[note.practitioner_id])
    for message in patient.messages:
        yield "communications", communication_record(patient, message)


def records_of_visit(clinic: Clinic, patient: Patient, visit: Visit) -> Iterator[Shown]:
    if visit.class_id is None:
        yield "individual_appointments", individual_appointment_record(patient, visit)
    if visit.class_id is not None or clinic.has_individual_attendees:
        yield "attendees", attendee_record(patient, visit)


def records_of_clinic(clinic: Clinic, seats: dict[str, list[str]]) -> Iterator[Shown]:
    """`seats`: the patients of each class."""
    for business in clinic.businesses:
        yield "businesses", business_record(clinic, business)
    for practitioner in clinic.practitioners:
        yield "practitioners", practitioner_record(clinic, practitioner)
    for kind in clinic.appointment_types:
        yield "appointment_types", appointment_type_record(kind)
    for group_class in clinic.classes:
        yield "group_appointments", group_appointment_record(group_class, seats.get(group_class.id, []))
    for user in user_records(clinic):
        yield "users", user


def authors_of(clinic: Clinic) -> dict[str, str]:
    return {one.id: f"{one.first_name} {one.last_name}" for one in clinic.practitioners}
