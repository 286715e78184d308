"""Whom a change befalls: each patient at most once a batch, so that changes do not undo one another.

A pick is a list of one, or empty where the clinic has nobody left who fits.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from sandbox.clinics.clock import DAY
from sandbox.clinics.desk import Desk
from sandbox.clinics.story import Case, GroupClass, Invoice, Patient, Visit

T = TypeVar("T")


class Picks:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._now = desk.now
        self._involved = {one.merged_with for one in desk.story.patients.values()}
        everybody = list(desk.story.patients.values())
        desk.rng.shuffle(everybody)
        self._left = {patient.id: patient for patient in everybody if patient.purged_at is None}

    def live(self) -> list[Patient]:
        return self._take(patient for patient in self._living() if patient.id not in self._involved)

    def archived(self) -> list[Patient]:
        return self._take(
            one for one in self._left.values() if one.archived_at is not None and one.merged_with is None
        )

    def pair(self) -> list[tuple[Patient, Patient]]:
        """Neither goes to classes: two people's seats in one class would leave the answer open."""
        able = [one for one in self._living() if not any(visit.class_id for visit in one.visits)]
        lost = next((one for one in able if one.id not in self._involved and one.visits), None)
        kept = next((one for one in able if one is not lost), None)
        if lost is None or kept is None:
            return []
        del self._left[lost.id], self._left[kept.id]
        self._involved |= {lost.id, kept.id}
        return [(lost, kept)]

    def booked(self) -> list[tuple[Patient, Visit]]:
        return self._visit(lambda visit: visit.starts_at > self._now + DAY and visit.class_id is None)

    def attended(self) -> list[tuple[Patient, Visit]]:
        earliest = self._now - 80 * DAY
        return self._visit(
            lambda visit: (
                earliest < visit.starts_at
                and visit.ends_at < self._now
                and visit.class_id is None
                and not visit.did_not_arrive
            )
        )

    def seats(self) -> list[tuple[Patient, Visit]]:
        return self._visit(lambda visit: visit.class_id is not None and visit.starts_at > self._now)

    def open_case(self) -> list[tuple[Patient, Case]]:
        return self._first(
            (patient, case)
            for patient in self._living()
            for case in patient.cases
            if case.closed_at is None and case.removed_at is None
        )

    def invoice(self) -> list[tuple[Patient, Invoice]]:
        return self._first(
            (patient, invoice)
            for patient in self._living()
            for invoice in patient.invoices
            if invoice.original_id is None and invoice.removed_at is None
        )

    def group_class(self) -> list[GroupClass]:
        standing = [one for one in self._desk.clinic.classes if one.removed_at is None]
        return [self._desk.rng.choice(standing)] if standing else []

    def _living(self) -> Iterator[Patient]:
        return (patient for patient in self._left.values() if patient.archived_at is None)

    def _visit(self, fits: Callable[[Visit], bool]) -> list[tuple[Patient, Visit]]:
        return self._first(
            (patient, visit)
            for patient in self._living()
            for visit in patient.visits
            if visit.cancelled_at is None and visit.removed_at is None and fits(visit)
        )

    def _take(self, able: Iterator[Patient]) -> list[Patient]:
        return [patient for patient, _ in self._first((patient, None) for patient in able)]

    def _first(self, able: Iterator[tuple[Patient, T]]) -> list[tuple[Patient, T]]:
        chosen = next(able, None)
        if chosen is None:
            return []
        del self._left[chosen[0].id]
        return [chosen]
