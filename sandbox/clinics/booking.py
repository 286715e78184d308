"""One appointment of a patient: when it was booked, and what became of it."""

from random import Random

from sandbox.clinics.clock import DAY, HOUR, MINUTE
from sandbox.clinics.rhythms import Rhythm
from sandbox.clinics.story import AppointmentType, Clinic, Patient, Visit

REASONS = (10, 20, 30, 40, 50, 60)


def draw_visits(rng: Random, clinic: Clinic, rhythm: Rhythm, starts: list[int]) -> list[Visit]:
    """A course stays with one practitioner; each visit is booked at the one before, or some days ahead."""
    practitioner = rng.choice(clinic.practitioners)
    business = rng.choice([one for one in clinic.businesses if one.removed_at is None])
    visits: list[Visit] = []
    for number, starts_at in enumerate(starts):
        kind = clinic.appointment_types[0 if number == 0 else rng.choice((1, 1, 1, 2, 3))]
        created_at = _booked_at(rng, clinic.as_of, starts_at, starts[number - 1] if number else None)
        visit = book(clinic, rng, kind, starts_at, created_at)
        visit.practitioner_id, visit.business_id = practitioner.id, business.id
        is_last = number == len(starts) - 1
        _decide(rng, clinic.as_of, visit, rhythm, is_last=is_last)
        visits.append(visit)
    return visits


def book(clinic: Clinic, rng: Random, kind: AppointmentType, starts_at: int, created_at: int) -> Visit:
    return Visit(
        booking_id=clinic.new_id(rng.randint(1, 9)),
        attendee_id=clinic.new_id(),
        starts_at=starts_at,
        ends_at=starts_at + kind.minutes * MINUTE,
        created_at=created_at,
        updated_at=created_at,
        appointment_type_id=kind.id,
        practitioner_id=clinic.practitioners[0].id,
        business_id=clinic.businesses[0].id,
    )


def _booked_at(rng: Random, now: int, starts_at: int, previous: int | None) -> int:
    if previous is not None and rng.random() < 0.6:
        return min(previous + 40 * MINUTE, now - MINUTE)
    if rng.random() < 0.03:
        return min(starts_at + 10 * MINUTE, now - MINUTE)
    return min(starts_at - rng.randint(HOUR, 18 * DAY), now - rng.randint(MINUTE, 3 * DAY))


def _decide(rng: Random, now: int, visit: Visit, rhythm: Rhythm, *, is_last: bool) -> None:
    """Edge patients keep to their days exactly; drop-outs often lose the visit they never came back from."""
    quiet = rhythm.name == "edge"
    loses = rng.random() < (rhythm.loses_last if is_last or rhythm.loses_last == 1 else 0)
    luck = rng.random() if not loses else rng.random() * 0.15
    if loses and visit.starts_at > now and rng.random() < 0.5:
        return
    if not quiet and luck < 0.09:
        cancel(rng, visit, now)
    elif not quiet and luck < 0.15 and visit.starts_at <= now:
        miss(visit, now)
    elif visit.ends_at <= now:
        visit.arrived = rng.random() < 0.6
        visit.updated_at = max(visit.updated_at, visit.ends_at)
    if rng.random() < 0.05:
        move(rng, visit, now)
    if not quiet and rng.random() < 0.007:
        visit.removed_at = rng.randint(visit.updated_at, max(visit.updated_at, now))
        visit.updated_at = visit.removed_at


def cancel(rng: Random, visit: Visit, now: int) -> None:
    """A third within the last day, a few only after they did not come."""
    luck = rng.random()
    ahead = rng.randint(10 * MINUTE, DAY - 1) if luck < 0.33 else rng.randint(DAY, 5 * DAY)
    at = visit.starts_at + HOUR if luck > 0.97 else visit.starts_at - ahead
    visit.cancelled_at = min(max(at, visit.created_at + MINUTE), now)
    visit.cancellation_reason = rng.choice(REASONS)
    visit.updated_at = visit.cancelled_at


def miss(visit: Visit, now: int) -> None:
    visit.did_not_arrive = True
    visit.updated_at = min(max(visit.created_at, visit.ends_at) + HOUR, now)


def move(rng: Random, visit: Visit, now: int) -> None:
    """Rescheduled before it took place: only the newest start is kept, as in Cliniko."""
    if visit.cancelled_at is None and visit.created_at < visit.starts_at:
        moved_at = rng.randint(visit.created_at, min(visit.starts_at, now))
        visit.updated_at = max(visit.updated_at, moved_at)


def first_made(patient: Patient) -> int | None:
    return min((visit.created_at for visit in patient.visits), default=None)
