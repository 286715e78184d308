"""From a person's facts to the few numbers the rules speak of: contact, days, windows, discharge, money."""

from decimal import Decimal

from sandbox.clinics.clock import Calendar
from sandbox.clinics.facts import Person, happened
from sandbox.clinics.rules import Standing


class Days:
    """Local calendar days counted back from the instant of the question."""

    def __init__(self, calendar: Calendar, now: int) -> None:
        self._calendar = calendar
        self._today = calendar.day(now)
        self.now = now

    def since(self, instant: int) -> int:
        return max(0, self._today - self._calendar.day(instant))

    def within(self, instant: int, days: int) -> bool:
        """In the last N days: today counts, the Nth day before today does not; nor does the future."""
        return instant <= self.now and self.since(instant) < days


def contacts(person: Person, now: int) -> list[int]:
    """Two-way touches: visits attended, bookings made before their start, messages from the patient."""
    made = [
        seen.visit.created_at
        for seen in person.visits
        if seen.visit.created_at < seen.starts_at and seen.visit.created_at <= now
    ]
    return person.starts("attended") + made + person.inbound


def lapses(person: Person, days: Days, window: int) -> list[int]:
    """When visits were missed (by their start) or cancelled (by the cancelling) in the last days."""
    cancelled = [
        seen.visit.cancelled_at
        for seen in person.visits
        if seen.status == "cancelled" and seen.visit.cancelled_at is not None
    ]
    return [at for at in person.starts("missed") + cancelled if days.within(at, window)]


def is_discharged(person: Person, now: int) -> bool:
    """Has cases, all of them closed, and came no more after the last was."""
    if not person.cases or not all(happened(case.closed_at, now) for case in person.cases):
        return False
    last_closing = max(case.closed_at or 0 for case in person.cases)
    return all(attended <= last_closing for attended in person.starts("attended"))


def lifetime_value(person: Person) -> Decimal:
    """What was invoiced; a reversal takes away its absolute total, whichever sign it is written with."""
    cents = 0
    for invoice in person.invoices:
        cents += invoice.total_cents if invoice.original_id is None else -abs(invoice.total_cents)
    return Decimal(cents) / 100


def standing_of(person: Person, days: Days) -> Standing:
    attended = person.starts("attended")
    last_contact = max(contacts(person, days.now), default=person.patient.created_at)
    return Standing(
        days=days.since(last_contact),
        last_contact_at=last_contact,
        booked=bool(person.starts("booked")),
        ever_attended=bool(attended),
        discharged=is_discharged(person, days.now),
        recent_lapse=bool(lapses(person, days, 30)),
        open_lapse=any(all(came <= lapsed for came in attended) for lapsed in lapses(person, days, 14)),
        missed_90d=sum(days.within(at, 90) for at in person.starts("missed")),
        attended_90d=sum(days.within(at, 90) for at in attended),
    )
