"""A patient's life with the clinic, drawn from the slot of the roster: the story of one person."""

from random import Random

from sandbox.clinics.booking import draw_visits, first_made
from sandbox.clinics.clock import DAY, MINUTE, Calendar
from sandbox.clinics.messages import draw_messages
from sandbox.clinics.names import draw_email, draw_family, draw_name
from sandbox.clinics.options import ClinicOptions, Quota
from sandbox.clinics.paperwork import draw_cases, draw_invoices, draw_notes
from sandbox.clinics.phones import draw_phones, national_number
from sandbox.clinics.rhythms import visit_starts
from sandbox.clinics.roster import Slot
from sandbox.clinics.seats import Studio
from sandbox.clinics.story import Clinic, Patient


class People:
    """Draws one patient after the other; keeps count of what is still to be dealt out."""

    def __init__(self, options: ClinicOptions, clinic: Clinic, roster: list[Slot]) -> None:
        self._options = options
        self._clinic = clinic
        self._calendar = Calendar(options.time_zone)
        self._studio = Studio(clinic)
        visits = sum(slot.visits + slot.seats for slot in roster)
        sizes = options.sizes
        self._weight_of_nobody = 0 if visits else 1
        slots = visits or len(roster)
        self._invoices = Quota(sizes.invoices, slots)
        self._notes = Quota(sizes.notes, slots)
        self._messages = Quota(sizes.communications, visits + len(roster))

    def draw(self, slot: Slot) -> Patient:
        rng = self._options.rng("patient", slot.index)
        now = self._options.as_of
        patient = _introduce(self._options, rng, slot)
        starts = visit_starts(rng, slot.rhythm, slot.visits, self._calendar, now)
        patient.visits = draw_visits(rng, self._clinic, slot.rhythm, starts)
        patient.visits += self._studio.draw_seats(rng, slot.seats)
        register(rng, patient, now)
        settle(rng, patient, slot, now)
        self._document(rng, patient, slot)
        return patient

    def _document(self, rng: Random, patient: Patient, slot: Slot) -> None:
        visits = slot.visits + slot.seats
        if self._options.sizes.cases and slot.rhythm.name != "edge":
            draw_cases(rng, self._clinic, patient)
        weight = visits + self._weight_of_nobody
        draw_invoices(rng, self._clinic, patient, self._invoices.deal(weight))
        draw_notes(rng, self._clinic, patient, self._notes.deal(weight))
        draw_messages(rng, self._clinic, patient, self._messages.deal(visits + 1))


def register(rng: Random, patient: Patient, now: int) -> None:
    """A patient is entered with the first booking or shortly before; many who never came long ago."""
    first = first_made(patient)
    if first is None:
        patient.created_at = now - rng.randint(MINUTE, 1_000 * DAY)
    else:
        patient.created_at = first - rng.choice((0, MINUTE, 7 * MINUTE, rng.randrange(5 * DAY)))
    patient.updated_at = min(now, patient.created_at + rng.choice((0, 0, MINUTE, rng.randrange(90 * DAY))))


def _introduce(options: ClinicOptions, rng: Random, slot: Slot) -> Patient:
    family_rng = options.rng("family", slot.family)
    first, last = draw_name(rng, draw_family(family_rng))
    return Patient(
        id=slot.id,
        created_at=0,
        updated_at=0,
        first_name=first,
        last_name=last,
        email=draw_email(rng, first, last, slot.id),
        phones=draw_phones(rng, options.country, national_number(family_rng, options.country)),
        rhythm=slot.rhythm.name,
    )


def settle(rng: Random, patient: Patient, slot: Slot, now: int) -> None:
    """Archived, or merged away: both hide the record, and neither moves its `updated_at`."""
    if slot.merged_into is not None:
        patient.merged_with = slot.merged_into
        patient.merged_at = patient.archived_at = rng.randint(patient.created_at, now)
    elif not slot.is_kept and slot.rhythm.name != "edge" and rng.random() < 0.02:
        patient.archived_at = rng.randint(patient.created_at, now)
