"""One clinic at one instant: what exists then, patient by patient."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from tests.reference.days import days_since, local_day, zone_at
from tests.reference.facts import Attempt, Case, Facts, Invoice, Message, Note, Patient, Visit

OfPatient = TypeVar("OfPatient", Visit, Invoice, Case, Message, Note, Attempt)


@dataclass(frozen=True)
class Question:
    facts: Facts
    as_of: datetime
    zone: ZoneInfo

    @classmethod
    def at(cls, facts: Facts, as_of: datetime) -> "Question":
        return cls(facts, as_of, zone_at(facts, as_of))

    def since(self, instant: datetime) -> int:
        return days_since(instant, self.as_of, self.zone)

    def day(self, instant: datetime) -> date:
        return local_day(instant, self.zone)

    @cached_property
    def patients(self) -> list[Patient]:
        """The live ones."""
        return [patient for patient in self.facts.patients.values() if patient.is_live_at(self.as_of)]

    @cached_property
    def visits(self) -> dict[str, list[Visit]]:
        """Those that exist and are not removed, of a patient's several rows in one class only one."""
        existing = [visit for visit in self.facts.visits if visit.counts_at(self.as_of)]
        chosen: dict[tuple[str, ...], Visit] = {}
        for visit in sorted(existing, key=self._claim):
            seat = (visit.kind, visit.patient_id, visit.class_id or visit.id)
            chosen.setdefault(seat, visit)
        return _by_patient(chosen.values())

    def _claim(self, visit: Visit) -> tuple[bool, datetime, int]:
        """A standing row goes before a cancelled one, then the older one."""
        return self.status(visit) == "cancelled", visit.created_at, int(visit.id)

    def status(self, visit: Visit) -> str:
        """Of a visit that exists."""
        if visit.cancelled_at is not None and visit.cancelled_at <= self.as_of:
            return "cancelled"
        if visit.starts_at > self.as_of:
            return "booked"
        return "missed" if visit.did_not_arrive else "attended"

    @cached_property
    def messages(self) -> dict[str, list[Message]]:
        return _by_patient(row for row in self.facts.messages if row.counts_at(self.as_of))

    @cached_property
    def invoices(self) -> dict[str, list[Invoice]]:
        return _by_patient(row for row in self.facts.invoices if row.counts_at(self.as_of))

    @cached_property
    def cases(self) -> dict[str, list[Case]]:
        return _by_patient(row for row in self.facts.cases if row.counts_at(self.as_of))

    @cached_property
    def notes(self) -> dict[str, list[Note]]:
        finished = (row for row in self.facts.notes if not row.is_draft)
        return _by_patient(row for row in finished if row.counts_at(self.as_of))

    @cached_property
    def attempts(self) -> dict[str, list[Attempt]]:
        return _by_patient(row for row in self.facts.attempts if row.occurred_at <= self.as_of)

    def contacts(self, patient_id: str, *, with_outreach: bool = True) -> list[datetime]:
        """Each two-way touch there was."""
        visits = self.visits.get(patient_id, [])
        attempts = self.attempts.get(patient_id, []) if with_outreach else []
        return [
            *(visit.starts_at for visit in visits if self.status(visit) == "attended"),
            *(visit.created_at for visit in visits if visit.created_at < visit.starts_at),
            *(message.created_at for message in self.messages.get(patient_id, [])),
            *(row.occurred_at for row in attempts if row.is_success),
        ]


def _by_patient(rows: Iterable[OfPatient]) -> dict[str, list[OfPatient]]:
    grouped: dict[str, list[OfPatient]] = defaultdict(list)
    for row in rows:
        grouped[row.patient_id].append(row)
    return grouped
