"""A small clinic drawn by lot: a dozen patients to whom, in two years, all happens that Cliniko can say."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.dbt_project.clinic import NOON, Clinic, days

PATIENTS = 12


class Drawn:
    """Draws the history of one clinic; the same seed gives the same clinic."""

    def __init__(self, clinic: Clinic, seed: int) -> None:
        self.clinic = clinic
        self.random = random.Random(seed)
        self.ids = iter(range(seed * 10_000 + 1, (seed + 1) * 10_000))
        self.patients = [self.id() for _ in range(PATIENTS)]

    def draw(self) -> None:
        classes = [self.id() for _ in range(4)]
        for class_id in classes:
            self.clinic.add(
                "group_appointments",
                id=class_id,
                starts_at=self.at(500, -20),
                **self.maybe(0.1, "archived_at"),
            )
        for number, patient in enumerate(self.patients):
            self.draw_patient(patient, number)
            for _ in range(self.random.randrange(9)):
                self.draw_visit(patient)
            for class_id in self.random.choices(classes, k=self.random.randrange(4)):
                self.draw_seat(patient, class_id)
            for _ in range(self.random.randrange(3)):
                self.draw_message(patient)
            for _ in range(self.random.choice((0, 0, 0, 1, 2))):
                self.draw_case(patient)
            for _ in range(self.random.choice((0, 0, 1, 3, 6))):
                self.draw_outreach(patient)

    def id(self) -> str:
        return str(next(self.ids))

    def at(self, oldest: float = 560, newest: float = 0) -> datetime:
        """An instant so many days ago; often one in the last minute or the first of some hour."""
        at = NOON - days(self.random.uniform(newest, oldest))
        if self.random.random() < 0.3:
            at = at.replace(minute=0, second=0, microsecond=0) - timedelta(
                microseconds=self.random.choice((0, 1, 1_000_000))
            )
        return at

    def maybe(self, probability: float, *columns: str, oldest: float = 500) -> dict[str, Any]:
        return {column: self.at(oldest) for column in columns if self.random.random() < probability}

    def draw_patient(self, patient: str, number: int) -> None:
        columns: dict[str, Any] = {"created_at": self.at(600)} | self.maybe(0.15, "archived_at", oldest=300)
        if number and self.random.random() < 0.15:
            into = self.random.choice(self.patients[:number])
            columns |= {"merged_with_patient_id": into, "merged_at": NOON}
        self.clinic.patient(patient, **columns)
        if self.random.random() < 0.05:
            self.clinic.purge("patients", patient)

    def draw_visit(self, patient: str) -> None:
        starts_at = self.at(540, -60)
        created_at = min(starts_at - days(self.random.uniform(-5, 60)), NOON)
        ending = self.random.choices(("", "cancelled_at", "deleted_at", "archived_at"), (7, 3, 1, 1))[0]
        columns = {ending: created_at + days(self.random.uniform(0, 70))} if ending else {}
        self.clinic.visit(
            self.id(),
            patient,
            starts_at,
            created_at=created_at,
            did_not_arrive=self.random.random() < 0.2,
            **columns,
        )

    def draw_seat(self, patient: str, class_id: str) -> None:
        columns = self.maybe(0.3, "cancelled_at") | self.maybe(0.15, "archived_at")
        self.clinic.seat(self.id(), patient, class_id, created_at=self.at(520), **columns)

    def draw_message(self, patient: str) -> None:
        self.clinic.add(
            "communications",
            id=self.id(),
            patient_id=patient,
            created_at=self.at(),
            direction_code=self.random.choice((1, 2, 2, 2)),
            category_code=self.random.choice((8, 8, 8, 12)),
            **self.maybe(0.2, "archived_at", oldest=300),
        )

    def draw_case(self, patient: str) -> None:
        columns = self.maybe(0.7, "closed_at") | self.maybe(0.2, "archived_at")
        self.clinic.add("patient_cases", id=self.id(), patient_id=patient, created_at=self.at(), **columns)

    def draw_outreach(self, patient: str) -> None:
        outcome = self.random.choice(("success", "success", "no_response", "failed"))
        method = self.random.choice(("sms", "email", "phone"))
        self.clinic.outreach(patient, outcome, self.at(420), method)


def draw_businesses(clinic: Clinic, *stays: tuple[str, float, float | None]) -> None:
    """Further businesses by zone, opened and closed so many days ago."""
    for number, (zone, opened, closed) in enumerate(stays, start=2):
        columns: dict[str, Any] = {} if closed is None else {"archived_at": NOON - days(closed)}
        clinic.add(
            "businesses", id=str(number), time_zone_identifier=zone, created_at=NOON - days(opened), **columns
        )


ZONES: Sequence[str] = ("Pacific/Auckland", "Australia/Sydney", "Europe/London", "America/Los_Angeles")
