"""A clinic that goes on living: bookings, arrivals ticked, no-shows, cancellations, messages as time passes.

story -> Life.advance(now) -> the records of what happened since the last call. Visits end by the clock; the
rest comes by chance, as often as a clinic of that size sees it, times `speed`. The sandbox Cliniko applies
the batches; the saved story stays as it was, so `truth` does not speak of a living clinic.
"""

import heapq
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

from sandbox.clinics.clock import DAY, HOUR, instant_of
from sandbox.clinics.desk import Batch, Desk
from sandbox.clinics.story import Patient, Story, Visit, load_story

EVENTS_A_PATIENT_AND_WEEK = 0.35
MOST_AT_ONCE = 200


class Life:
    """`speed` 60 lets happen in a minute what takes a believable clinic an hour; the clock itself is real."""

    def __init__(self, story: Story, now: datetime, *, speed: float = 1.0, seed: int = 0) -> None:
        self._desk = Desk(story, Random(f"live:{seed}"), instant_of(now))  # noqa: S311 - a story, not a secret
        self._rate = len(story.patients) * EVENTS_A_PATIENT_AND_WEEK / (7 * DAY) * speed
        self._patients = [one for one in story.patients.values() if _is_here(one)]
        self._ending: list[tuple[int, int, Patient, Visit]] = []
        self._watched = count()
        for patient in self._patients:
            for visit in patient.visits:
                self._watch(patient, visit)

    def advance(self, now: datetime) -> Batch:
        """Everything since the last call, the newest version of each record; empty if nothing happened."""
        desk, since = self._desk, self._desk.now
        desk.now = max(since, instant_of(now))
        shown: dict[str, dict[str, dict[str, object]]] = {}
        for happening in self._happenings(desk.now - since):
            for resource, records in happening.items():
                shown.setdefault(resource, {}).update({record["id"]: record for record in records})
        return {resource: list(records.values()) for resource, records in shown.items()}

    def _happenings(self, seconds: int) -> Iterator[Batch]:
        while self._ending and self._ending[0][0] <= self._desk.now:
            _, _, patient, visit = heapq.heappop(self._ending)
            yield self._end(patient, visit)
        for _ in range(min(_poisson(self._desk.rng, self._rate * seconds), MOST_AT_ONCE)):
            yield self._by_chance()

    def _end(self, patient: Patient, visit: Visit) -> Batch:
        """Ticked as arrived, as a no-show, or by nobody, which is common."""
        luck = self._desk.rng.random()
        if visit.ends_at > self._desk.now or visit.cancelled_at is not None or luck > 0.70:
            return {}
        return self._desk.tick(patient, visit, came=luck < 0.62)

    def _by_chance(self) -> Batch:
        rng = self._desk.rng
        luck = rng.random()
        if luck < 0.06 or not self._patients:
            return self._walk_in()
        if luck < 0.55:
            return self._book(rng.choice(self._patients))
        if luck < 0.80:
            return self._desk.hear_from(rng.choice(self._patients))
        return self._give_up(moves=luck > 0.92)

    def _walk_in(self) -> Batch:
        patient, shown = self._desk.enter()
        self._patients.append(patient)
        return shown | self._book(patient)

    def _book(self, patient: Patient) -> Batch:
        shown = self._desk.book(patient, self._desk.rng.randint(0, 28))
        self._watch(patient, patient.visits[-1])
        return shown

    def _give_up(self, *, moves: bool) -> Batch:
        """One of the bookings still ahead is cancelled or moved; a moved one ends at its new time."""
        ahead = [
            (patient, visit)
            for _, _, patient, visit in self._ending
            if visit.cancelled_at is None and visit.starts_at > self._desk.now + HOUR
        ]
        if not ahead:
            return {}
        patient, visit = self._desk.rng.choice(ahead)
        if not moves or visit.class_id is not None:
            return self._desk.cancel(patient, visit)
        shown = self._desk.reschedule(patient, visit, self._desk.rng.randint(1, 21))
        self._watch(patient, visit)
        return shown

    def _watch(self, patient: Patient, visit: Visit) -> None:
        if visit.ends_at > self._desk.now and visit.cancelled_at is None and visit.removed_at is None:
            heapq.heappush(self._ending, (visit.ends_at, next(self._watched), patient, visit))


def live(
    folder: Path, *, speed: float = 1.0, seed: int = 0, clock: Callable[[], datetime] | None = None
) -> Iterator[Batch]:
    """Endless: each `next` gives what happened since the one before. Whoever asks decides how often."""
    clock = clock or (lambda: datetime.now(UTC))
    life = Life(load_story(folder), clock(), speed=speed, seed=seed)
    while True:
        yield life.advance(clock())


def _is_here(patient: Patient) -> bool:
    return patient.archived_at is None and patient.purged_at is None


def _poisson(rng: Random, mean: float) -> int:
    """Knuth's way for small means; for large ones the mean with its spread."""
    if mean > 30:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, events = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        events += 1
    return events
