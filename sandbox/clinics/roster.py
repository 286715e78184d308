"""Who there is: a habit, a number of visits, a family and an id for each patient, before anything happens.

Sizes are exact: the habits ask for visits, the roster scales what they ask for to what was ordered.
"""

from dataclasses import dataclass
from random import Random

from sandbox.clinics.options import ClinicOptions
from sandbox.clinics.rhythms import Rhythm, draw_rhythm

FIRST_ID = 10**18
SEATS_EACH = 9


@dataclass(slots=True)
class Slot:
    index: int
    id: str
    rhythm: Rhythm
    family: int
    visits: int = 0
    seats: int = 0
    merged_into: str | None = None
    is_kept: bool = False


def draw_roster(options: ClinicOptions) -> list[Slot]:
    rng = options.rng("roster")
    ids = _ids(rng, options.sizes.patients)
    slots = [Slot(index, ids[index], draw_rhythm(rng), 0) for index in range(len(ids))]
    _found_families(rng, slots)
    _share_visits(rng, slots, options.sizes.appointments)
    _share_seats(rng, slots, options.sizes.group_attendees)
    _merge_some(rng, slots)
    return slots


def _ids(rng: Random, count: int) -> list[str]:
    """Close together beyond 2^53, so that a double confuses neighbours; and on both sides of a power of ten,
    so that ordering them as text is wrong."""
    value = FIRST_ID - count * 5
    ids = []
    for _ in range(count):
        value += rng.randint(1, 20)
        ids.append(str(value))
    return ids


def _found_families(rng: Random, slots: list[Slot]) -> None:
    family = 0
    for slot in slots:
        family += rng.random() < 0.75
        slot.family = family


def _share_visits(rng: Random, slots: list[Slot], total: int) -> None:
    if not slots:
        return
    wished = [rng.randint(*slot.rhythm.visits) for slot in slots]
    scale = total / max(sum(wished), 1)
    for slot, wish in zip(slots, wished, strict=True):
        slot.visits = int(wish * scale + rng.random())
    difference = total - sum(slot.visits for slot in slots)
    step = 1 if difference > 0 else -1
    while difference:
        slot = rng.choice(slots)
        if slot.visits + step >= 0:
            slot.visits += step
            difference -= step


def _share_seats(rng: Random, slots: list[Slot], total: int) -> None:
    goers = [slot for slot in slots if slot.rhythm.name not in ("edge", "never_attended")] or slots
    chosen = rng.sample(goers, min(len(goers), max(1, total // SEATS_EACH))) if goers else []
    for number, slot in enumerate(chosen):
        slot.seats = total * (number + 1) // len(chosen) - total * number // len(chosen)


def _merge_some(rng: Random, slots: list[Slot]) -> None:
    """About one in eighty was a double of an earlier patient; a third of those of somebody merged as well.
    Members of classes are left alone: two people's seats in one class are a question without an answer."""
    able = [slot for slot in slots if slot.seats == 0 and slot.rhythm.name != "edge"]
    lost: list[Slot] = []
    for slot in sorted(rng.sample(able, len(able) // 80), key=lambda one: one.index):
        earlier = [one for one in able[:60] if one.index < slot.index and not one.merged_into]
        chained = [one for one in lost if not one.is_kept]
        targets = chained if chained and rng.random() < 0.33 else earlier
        if targets:
            target = rng.choice(targets)
            target.is_kept = True
            slot.merged_into = target.id
            lost.append(slot)
