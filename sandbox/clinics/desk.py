"""The front desk at one instant: each method changes the story and returns the records Cliniko would show.

`updated_at` moves where Cliniko moves it: not when a patient is archived, nor on what a merge re-parents.
"""

from random import Random

from sandbox.clinics.booking import REASONS, book
from sandbox.clinics.clock import DAY, HOUR, Calendar
from sandbox.clinics.messages import REPLY, SMS
from sandbox.clinics.names import Family, draw_email, draw_family, draw_name
from sandbox.clinics.paperwork import credit
from sandbox.clinics.phones import draw_phones, national_number
from sandbox.clinics.records.base import Record
from sandbox.clinics.records.communications import communication_record
from sandbox.clinics.records.paperwork import invoice_item_record, invoice_record, patient_case_record
from sandbox.clinics.records.patients import patient_record
from sandbox.clinics.records.premises import practitioner_record
from sandbox.clinics.records.visits import group_appointment_record
from sandbox.clinics.records.whole import Shown, authors_of, records_of_patient, records_of_visit
from sandbox.clinics.rhythms import second_of_day
from sandbox.clinics.story import (
    Case,
    GroupClass,
    Invoice,
    Message,
    Patient,
    Practitioner,
    Story,
    Visit,
)

Batch = dict[str, list[Record]]


def batch(*shown: Shown) -> Batch:
    answer: Batch = {}
    for resource, record in shown:
        answer.setdefault(resource, []).append(record)
    return answer


class Desk:
    def __init__(self, story: Story, rng: Random, now: int) -> None:
        self.story = story
        self.clinic = story.clinic
        self.rng = rng
        self.now = now
        self._calendar = Calendar(story.clinic.time_zone)

    def enter(self) -> tuple[Patient, Batch]:
        first, last = draw_name(self.rng, draw_family(self.rng))
        new_id = self.clinic.new_id(self.rng.randint(1, 9))
        country = self.clinic.country
        patient = Patient(
            id=new_id,
            created_at=self.now,
            updated_at=self.now,
            first_name=first,
            last_name=last,
            email=draw_email(self.rng, first, last, new_id),
            phones=draw_phones(self.rng, country, national_number(self.rng, country)),
            rhythm="walked_in",
        )
        self.story.patients[new_id] = patient
        return patient, self._patient(patient)

    def book(self, patient: Patient, days_ahead: int) -> Batch:
        kind = self.clinic.appointment_types[1 if patient.visits else 0]
        start = self._slot(days_ahead)
        visit = book(self.clinic, self.rng, kind, start, self.now)
        visit.practitioner_id = self.rng.choice([one.id for one in self.clinic.practitioners if one.active])
        patient.visits.append(visit)
        return self._visit(patient, visit)

    def cancel(self, patient: Patient, visit: Visit) -> Batch:
        """Of an appointment, or of a seat in a class; then the class lists one patient less."""
        visit.cancelled_at = visit.updated_at = self.now
        visit.cancellation_reason = self.rng.choice(REASONS)
        shown = self._visit(patient, visit)
        if visit.class_id is None:
            return shown
        return shown | self.show_class(self.story.class_of()[visit.class_id])

    def uncancel(self, patient: Patient, visit: Visit) -> Batch:
        visit.cancelled_at, visit.cancellation_reason = None, None
        return self._visit(patient, visit)

    def reschedule(self, patient: Patient, visit: Visit, days_ahead: int) -> Batch:
        length = visit.ends_at - visit.starts_at
        visit.starts_at = self._slot(days_ahead)
        visit.ends_at = visit.starts_at + length
        visit.updated_at = self.now
        return self._visit(patient, visit)

    def tick(self, patient: Patient, visit: Visit, *, came: bool) -> Batch:
        visit.arrived, visit.did_not_arrive = came, not came
        visit.updated_at = self.now
        return self._visit(patient, visit)

    def remove(self, patient: Patient, visit: Visit) -> Batch:
        visit.removed_at = visit.updated_at = self.now
        return self._visit(patient, visit)

    def rename(self, patient: Patient) -> Batch:
        patient.first_name, patient.last_name = draw_name(self.rng, draw_family(self.rng))
        patient.phones = draw_phones(
            self.rng, self.clinic.country, national_number(self.rng, self.clinic.country)
        )
        patient.updated_at = self.now
        return self._patient(patient)

    def archive(self, patient: Patient) -> Batch:
        patient.archived_at = self.now
        return self._patient(patient)

    def unarchive(self, patient: Patient) -> Batch:
        patient.archived_at = None
        patient.updated_at = self.now
        return self._patient(patient)

    def merge(self, lost: Patient, kept: Patient) -> Batch:
        """Everything of the one is shown under the other from now on, with its old `updated_at`."""
        for name in ("visits", "messages", "invoices", "notes", "cases"):
            getattr(kept, name).extend(getattr(lost, name))
            getattr(lost, name).clear()
        lost.merged_with, lost.merged_at, lost.archived_at = kept.id, self.now, self.now
        authors = authors_of(self.clinic)
        moved = batch(*records_of_patient(self.clinic, kept, authors))
        moved["patients"].append(patient_record(self.clinic, lost))
        return moved

    def purge(self, patient: Patient) -> tuple[str, str]:
        """Gone for good with all that was theirs; only that they were ever there is remembered."""
        patient.purged_at = self.now
        for name in ("visits", "messages", "invoices", "notes", "cases"):
            getattr(patient, name).clear()
        return "patients", patient.id

    def hear_from(self, patient: Patient) -> Batch:
        message = Message(self.clinic.new_id(), self.now, SMS, REPLY, inbound=True)
        patient.messages.append(message)
        return batch(("communications", communication_record(patient, message)))

    def give_credit(self, patient: Patient, original: Invoice) -> Batch:
        reversal = credit(self.rng, self.clinic, original)
        reversal.created_at = reversal.updated_at = self.now
        patient.invoices.append(reversal)
        items = [("invoice_items", invoice_item_record(reversal, item)) for item in reversal.items]
        return batch(("invoices", invoice_record(patient, reversal)), *items)

    def close(self, patient: Patient, case: Case) -> Batch:
        case.closed_at = case.updated_at = self.now
        with_attendees = self.clinic.has_individual_attendees
        return batch(("patient_cases", patient_case_record(patient, case, with_attendees=with_attendees)))

    def marry(self, practitioner: Practitioner) -> Batch:
        practitioner.last_name = draw_married_name(self.rng)
        practitioner.updated_at = self.now
        return batch(("practitioners", practitioner_record(self.clinic, practitioner)))

    def call_off(self, group_class: GroupClass) -> Batch:
        """The class is archived; its seats keep their own records as they are."""
        group_class.removed_at = group_class.updated_at = self.now
        return self.show_class(group_class)

    def show_class(self, group_class: GroupClass) -> Batch:
        seated = [
            patient.id
            for patient in self.story.patients.values()
            for visit in patient.visits
            if visit.class_id == group_class.id and visit.cancelled_at is None and visit.removed_at is None
        ]
        return batch(("group_appointments", group_appointment_record(group_class, seated)))

    def _slot(self, days_ahead: int) -> int:
        start = self._calendar.at(self._calendar.day(self.now) + days_ahead, second_of_day(self.rng))
        return start if start > self.now + HOUR else start + DAY

    def _patient(self, patient: Patient) -> Batch:
        return batch(("patients", patient_record(self.clinic, patient)))

    def _visit(self, patient: Patient, visit: Visit) -> Batch:
        return batch(*records_of_visit(self.clinic, patient, visit))


def draw_married_name(rng: Random) -> str:
    """A double name, so that it differs from the old one for certain."""
    family = draw_family(rng)
    return f"{family.surname or Family('Exampleton').surname}-{rng.randrange(10, 99)}wick"
