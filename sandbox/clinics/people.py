"""A patient's life with the clinic, drawn from the slot of the roster: the story of one person."""

from random import Random

from sandbox.clinics.booking import draw_visits, first_made
from sandbox.clinics.clock import DAY, MINUTE, Calendar
from sandbox.clinics.names import draw_email, draw_family, draw_name
from sandbox.clinics.options import ClinicOptions
from sandbox.clinics.phones import draw_phones, national_number
from sandbox.clinics.rhythms import visit_starts
from sandbox.clinics.roster import Slot
from sandbox.clinics.story import Clinic, Patient


def draw_person(options: ClinicOptions, clinic: Clinic, calendar: Calendar, slot: Slot) -> Patient:
    rng = options.rng("patient", slot.index)
    patient = _introduce(options, rng, slot)
    starts = visit_starts(rng, slot.rhythm, slot.visits, calendar, options.as_of)
    patient.visits = draw_visits(rng, clinic, slot.rhythm, starts)
    register(rng, patient, options.as_of)
    settle(rng, patient, slot, options.as_of)
    return patient


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
