"""Stories of a few people, written by hand: a clinic in Sydney, one patient, and what befell them."""

from collections.abc import Sequence
from datetime import datetime

from sandbox.clinics.clock import MINUTE, parse
from sandbox.clinics.story import (
    AppointmentType,
    Business,
    Case,
    Clinic,
    GroupClass,
    Invoice,
    Message,
    Patient,
    Phone,
    Practitioner,
    Story,
    Visit,
)
from sandbox.clinics.truth import truth_of
from sandbox.clinics.truth_model import PatientTruth, Truth

SYDNEY = "Australia/Sydney"
LONG_AGO = parse("2019-01-01T00:00:00Z")


def at(text: str) -> int:
    return parse(text)


def clinic(zone: str = SYDNEY, classes: Sequence[GroupClass] = (), forbidden: Sequence[str] = ()) -> Clinic:
    return Clinic(
        account_id="1",
        name="Miniature",
        country="AU",
        time_zone=zone,
        seed=0,
        as_of=LONG_AGO,
        next_id=900,
        next_invoice_number=1,
        has_individual_attendees=True,
        forbidden=list(forbidden),
        businesses=[Business("2", "Miniature", "Port Example", zone, LONG_AGO, LONG_AGO)],
        practitioners=[Practitioner("3", "4", "Dr", "Imre", "Fennelwick", True, LONG_AGO, LONG_AGO)],
        appointment_types=[AppointmentType("5", "Standard", "Physio", 30, 9_000, 1, LONG_AGO, LONG_AGO)],
        classes=list(classes),
    )


def visit(starts: str, created: str | None = None, number: int = 100, **facts: object) -> Visit:
    """Booked long before unless told: then only the visit itself can be the last contact."""
    starts_at = at(starts)
    row = Visit(
        booking_id=str(number),
        attendee_id=str(number + 1_000),
        starts_at=starts_at,
        ends_at=starts_at + 30 * MINUTE,
        created_at=at(created) if created else LONG_AGO,
        updated_at=starts_at,
        appointment_type_id="5",
        practitioner_id="3",
        business_id="2",
    )
    for name, value in facts.items():
        setattr(row, name, at(value) if isinstance(value, str) and name.endswith("_at") else value)
    return row


def message(sent: str, *, inbound: bool = True, category: int = 8) -> Message:
    return Message("700", at(sent), 1, category, inbound)


def case(closed: str | None, created: str = "2019-01-01T00:00:00Z") -> Case:
    return Case("600", "Plan", at(created), at(created), at(closed) if closed else None)


def invoice(cents: int, created: str = "2020-01-01T00:00:00Z", original: str | None = None) -> Invoice:
    return Invoice("500", 1, at(created), at(created), cents, [], "3", "2", original_id=original)


def patient(*visits: Visit, patient_id: str = "10", **facts: object) -> Patient:
    row = Patient(
        id=patient_id,
        created_at=LONG_AGO,
        updated_at=LONG_AGO,
        first_name="Orla",
        last_name="Quillwick",
        email="",
        phones=[Phone("0491 570 006", "61491570006", "Mobile", "+61491570006")],
        visits=list(visits),
    )
    for name, value in facts.items():
        setattr(row, name, at(value) if isinstance(value, str) and name.endswith("_at") else value)
    return row


def truth(as_of: str, *patients: Patient, of: Clinic | None = None) -> Truth:
    story = Story(of or clinic(), {one.id: one for one in patients})
    return truth_of(story, datetime.fromisoformat(as_of))


def only(as_of: str, one: Patient, of: Clinic | None = None) -> PatientTruth:
    return truth(as_of, one, of=of).patients[one.id]
