"""A batch of changes to a generated clinic: what its people did since, as calls of the control plane.

story -> Desk (changes the story, shows records) -> steps -> POST / DELETE; the saved story tells the truth.
Records edited twice within a second are shown once among the first steps and again, with the same
`updated_at`, in the last: a sync in between must not make us keep the first version.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import httpx
import orjson

from sandbox.clinics.clock import instant_of
from sandbox.clinics.desk import Batch, Desk
from sandbox.clinics.picks import Picks
from sandbox.clinics.story import Patient, Story, load_story, save_story


@dataclass(frozen=True, slots=True)
class Step:
    """One call: records to show, or one to take away for good."""

    what: str
    patient_id: str | None = None
    records: Batch = field(default_factory=dict)
    gone: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """`first` and then `last`, in this order; the story speaks of the state after both."""

    first: tuple[Step, ...]
    last: tuple[Step, ...]
    story: Story

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.first + self.last

    def patients(self, what: str) -> list[str]:
        return [step.patient_id for step in self.steps if step.what == what and step.patient_id]


def draw_changes(
    folder: Path, seed: int, now: datetime, *, each: int | None = None, purge: bool = True
) -> Changes:
    """Draws `each` of every kind of change (default: one for a hundred patients) and saves the story.

    Permanent deletions leave no trace but in a sweep; `purge=False` leaves them out.
    """
    story = load_story(folder)
    instant = instant_of(now)
    if instant < story.clinic.as_of:
        raise ValueError("changes cannot be older than the story; give a later instant")
    times = each or max(1, len(story.patients) // 100)
    desk = Desk(story, Random(f"changes:{seed}"), instant)  # noqa: S311 - a story, not a secret
    changes = _Drawing(desk, times).draw(purge=purge)
    story.clinic.as_of = instant
    save_story(folder, story)
    return changes


class _Drawing:
    def __init__(self, desk: Desk, times: int) -> None:
        self._desk = desk
        self._picks = Picks(desk)
        self._times = times
        self._first: list[Step] = []
        self._last: list[Step] = []

    def draw(self, *, purge: bool) -> Changes:
        for _ in range(self._times):
            self._patients(purge=purge)
            self._visits()
            self._other()
        return Changes(tuple(self._first), tuple(self._last), self._desk.story)

    def _step(self, what: str, patient: Patient | None, shown: Batch) -> None:
        self._first.append(Step(what, patient.id if patient else None, shown))

    def _patients(self, *, purge: bool) -> None:
        desk, picks = self._desk, self._picks
        newcomer, shown = desk.enter()
        self._step("new", newcomer, shown)
        self._step("booked", newcomer, desk.book(newcomer, desk.rng.randint(1, 20)))
        self._each("archived", picks.live, desk.archive)
        self._each("unarchived", picks.archived, desk.unarchive)
        for lost, kept in picks.pair():
            self._step("merged", kept, desk.merge(lost, kept))
        for patient in picks.live() if purge else []:
            self._step("purged", patient, desk.archive(patient))
            self._first.append(Step("purged", patient.id, gone=desk.purge(patient)))
        for patient in picks.live():
            self._step("edited_twice", patient, desk.rename(patient))
            self._last.append(Step("edited_twice", patient.id, desk.rename(patient)))

    def _visits(self) -> None:
        desk, picks = self._desk, self._picks
        self._each("booked", picks.live, lambda patient: desk.book(patient, desk.rng.randint(0, 30)))
        for patient, visit in picks.booked():
            self._step("cancelled", patient, desk.cancel(patient, visit))
        for patient, visit in picks.booked():
            ahead = desk.rng.randint(1, 25)
            self._step("rescheduled", patient, desk.reschedule(patient, visit, ahead))
        for patient, visit in picks.attended():
            self._step("missed", patient, desk.tick(patient, visit, came=False))
        for patient, visit in picks.attended():
            self._step("removed", patient, desk.remove(patient, visit))
        for patient, visit in picks.seats():
            self._step("seat_cancelled", patient, desk.cancel(patient, visit))
        for patient, visit in picks.booked():
            self._step("cancelled_by_mistake", patient, desk.cancel(patient, visit))
            self._last.append(Step("cancelled_by_mistake", patient.id, desk.uncancel(patient, visit)))

    def _other(self) -> None:
        desk, picks = self._desk, self._picks
        self._each("heard_from", picks.live, desk.hear_from)
        for patient, case in picks.open_case():
            self._step("case_closed", patient, desk.close(patient, case))
        for patient, invoice in picks.invoice():
            self._step("credited", patient, desk.give_credit(patient, invoice))
        for group_class in picks.group_class():
            self._step("class_called_off", None, desk.call_off(group_class))
        self._step("practitioner_renamed", None, desk.marry(desk.rng.choice(desk.clinic.practitioners)))

    def _each(
        self, what: str, pick: Callable[[], Iterable[Patient]], act: Callable[[Patient], Batch]
    ) -> None:
        for patient in pick():
            self._step(what, patient, act(patient))


def apply_changes(base_url: str, clinic_name: str, changes: Changes | Iterable[Step]) -> None:
    """Shows the steps to a running sandbox Cliniko, in their order."""
    root = f"{base_url.rstrip('/').removesuffix('/v1')}/_sandbox/clinics/{clinic_name}/records"
    with httpx.Client(timeout=60) as client:
        for call in calls(changes.steps if isinstance(changes, Changes) else changes):
            if call.gone is not None:
                client.delete(f"{root}/{'/'.join(call.gone)}").raise_for_status()
            else:
                client.post(root, content=orjson.dumps(call.records)).raise_for_status()


def calls(steps: Iterable[Step]) -> Iterator[Step]:
    """As few as can be: steps are put together until a record comes a second time or one is taken away."""
    waiting: Batch = {}
    seen: set[str] = set()
    for step in steps:
        ids = {record["id"] for records in step.records.values() for record in records}
        if waiting and (step.gone is not None or ids & seen):
            yield Step("together", records=waiting)
            waiting, seen = {}, set()
        if step.gone is not None:
            yield step
        seen |= ids
        for resource, records in step.records.items():
            waiting.setdefault(resource, []).extend(records)
    if waiting:
        yield Step("together", records=waiting)
