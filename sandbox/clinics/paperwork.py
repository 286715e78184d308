"""What visits leave behind: cases, invoices with items and credits, treatment notes."""

from collections.abc import Iterator
from itertools import cycle
from random import Random

from sandbox.clinics.clock import DAY, MINUTE
from sandbox.clinics.story import Case, Clinic, Invoice, Item, Note, Patient, Visit

EXTRAS = (("Resistance band", 1_895), ("Heat pack", 2_450), ("Rigid tape", 1_205))


def draw_cases(rng: Random, clinic: Clinic, patient: Patient) -> None:
    """A plan of care over some visits. Half are closed: most when the visits end, some too early."""
    visits = sorted(patient.visits, key=lambda visit: visit.starts_at)
    if not visits or rng.random() > 0.14:
        return
    for number in range(1 if rng.random() < 0.85 else 2):
        case = Case(
            clinic.new_id(2), f"Plan {number + 1}", patient.created_at + number * DAY, patient.created_at
        )
        case.created_at = min(case.created_at, clinic.as_of)
        until = max((visit.starts_at for visit in visits if visit.starts_at <= clinic.as_of), default=None)
        if until is not None and rng.random() < 0.55:
            closing = until + rng.randint(MINUTE, 12 * DAY) if rng.random() < 0.8 else visits[0].ends_at
            case.closed_at = max(case.created_at, min(closing, clinic.as_of))
        if rng.random() < 0.03:
            case.removed_at = clinic.as_of - rng.randrange(1, DAY)
        case.updated_at = max(case.created_at, case.closed_at or 0, case.removed_at or 0)
        patient.cases.append(case)
    for visit in visits:
        if visit.created_at >= patient.cases[-1].created_at:
            visit.case_id = patient.cases[-1].id


def _places(patient: Patient, now: int) -> Iterator[Visit | None]:
    """Where paper belongs: the visits that took place, over and over; nowhere if there are none."""
    took_place = [
        visit
        for visit in patient.visits
        if visit.ends_at <= now
        and visit.cancelled_at is None
        and visit.removed_at is None
        and not visit.did_not_arrive
    ]
    return cycle(took_place or [None])


def _when(rng: Random, patient: Patient, place: Visit | None, now: int) -> int:
    if place is None:
        return rng.randint(patient.created_at, now)
    return min(max(place.ends_at, place.created_at) + rng.randint(MINUTE, 40 * MINUTE), now)


def draw_invoices(rng: Random, clinic: Clinic, patient: Patient, count: int) -> None:
    places = _places(patient, clinic.as_of)
    while len(patient.invoices) < count:
        place = next(places)
        invoice = _invoice(rng, clinic, place, _when(rng, patient, place, clinic.as_of))
        patient.invoices.append(invoice)
        if len(patient.invoices) < count and rng.random() < 0.04:
            patient.invoices.append(credit(rng, clinic, invoice))


def _invoice(rng: Random, clinic: Clinic, place: Visit | None, created_at: int) -> Invoice:
    kinds = {kind.id: kind for kind in clinic.appointment_types}
    kind = kinds[place.appointment_type_id] if place else clinic.appointment_types[0]
    items = [Item(clinic.new_id(), kind.name, 1, kind.price_cents)]
    if rng.random() < 0.08:
        name, cents = rng.choice(EXTRAS)
        items.append(Item(clinic.new_id(), name, rng.randint(1, 3), cents))
    invoice = Invoice(
        id=clinic.new_id(rng.randint(1, 9)),
        number=_next_number(clinic),
        created_at=created_at,
        updated_at=created_at,
        total_cents=sum(item.quantity * item.unit_cents for item in items),
        items=items,
        practitioner_id=place.practitioner_id if place else clinic.practitioners[0].id,
        business_id=place.business_id if place else clinic.businesses[0].id,
        booking_id=place.booking_id if place else None,
        attendee_id=place.attendee_id if place else None,
    )
    if rng.random() < 0.85:
        invoice.closed_at = invoice.updated_at = min(created_at + rng.randrange(20 * DAY), clinic.as_of)
    if rng.random() < 0.01:
        invoice.removed_at = invoice.updated_at = rng.randint(invoice.updated_at, clinic.as_of)
    return invoice


def credit(rng: Random, clinic: Clinic, original: Invoice) -> Invoice:
    """A reversal of all of it; its sign is not known for certain, so both are written."""
    sign = 1 if rng.random() < 0.3 else -1
    created_at = rng.randint(original.created_at, clinic.as_of)
    return Invoice(
        id=clinic.new_id(rng.randint(1, 9)),
        number=_next_number(clinic),
        created_at=created_at,
        updated_at=created_at,
        total_cents=sign * original.total_cents,
        items=[Item(clinic.new_id(), "Credit", 1, sign * original.total_cents)],
        practitioner_id=original.practitioner_id,
        business_id=original.business_id,
        original_id=original.id,
        booking_id=original.booking_id,
        attendee_id=original.attendee_id,
    )


def _next_number(clinic: Clinic) -> int:
    clinic.next_invoice_number += 1
    return clinic.next_invoice_number - 1


def draw_notes(rng: Random, clinic: Clinic, patient: Patient, count: int) -> None:
    places = _places(patient, clinic.as_of)
    for _ in range(count):
        place = next(places)
        created_at = _when(rng, patient, place, clinic.as_of)
        note = Note(
            id=clinic.new_id(rng.randint(1, 9)),
            created_at=created_at,
            updated_at=created_at,
            practitioner_id=place.practitioner_id if place else clinic.practitioners[0].id,
            draft=rng.random() < 0.05,
            booking_id=place.booking_id if place else None,
            attendee_id=place.attendee_id if place else None,
        )
        if rng.random() < 0.01:
            note.removed_at = note.updated_at = rng.randint(created_at, clinic.as_of)
        patient.notes.append(note)
