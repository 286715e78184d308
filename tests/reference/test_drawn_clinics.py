"""A hundred drawn clinics in one build: every column of every mart equals the reference, now and then."""

import random
from collections.abc import Mapping

import pytest

from orchestration.build import build
from tests.reference.comparing import Reader
from tests.reference.drawing import Drawn, draw_clinic
from tests.reference.facts import facts_of
from tests.reference.lists import master_view
from tests.reference.loading import load
from tests.reference.question import Question
from tests.reference.raw import read_clinic
from tests.reference.risk import LEVELS
from tests.reference.shrinking import shrink
from warehouse.settings import Settings

Clinics = Mapping[str, Drawn]


def draw_and_build(settings: Settings, numbers: range) -> Clinics:
    """The name tells the number that draws the clinic again."""
    clinics = {f"drawn_{number}": draw_clinic(number) for number in numbers}
    load(settings, clinics)
    assert not build(settings).held_back
    return clinics


def check(settings: Settings, clinics: Clinics) -> None:
    with Reader(settings) as reader:
        found = {name: reader.compare(name, clinic.questions) for name, clinic in clinics.items()}
    found = {name: differing for name, differing in found.items() if differing}
    if not found:
        return
    columns = sorted({f"{it.name}.{it.column}" for differing in found.values() for it in differing})
    smallest = min(found, key=lambda name: len(clinics[name]))
    told = shrink(settings, clinics[smallest], found[smallest][0])
    pytest.fail(f"{len(found)} clinics differ, in {columns}. The smallest, of {smallest}:\n{told}")


@pytest.fixture(scope="module")
def hundred(module_warehouse: Settings) -> Clinics:
    return draw_and_build(module_warehouse, range(100))


@pytest.mark.timeout(1800)  # only to shrink what differs
def test_every_mart_equals_the_reference(module_warehouse: Settings, hundred: Clinics) -> None:
    check(module_warehouse, hundred)


def test_the_drawn_clinics_prove_something(module_warehouse: Settings, hundred: Clinics) -> None:
    """Each level, status, priority, action and reason was among what was compared."""
    seen: dict[str, set[object]] = {}
    for name, clinic in hundred.items():
        facts = facts_of(read_clinic(module_warehouse, name))
        for row in master_view(Question.at(facts, clinic.anchor)):
            for column in ("risk_level", "engagement_status", "action_priority", "recommended_action"):
                seen.setdefault(column, set()).add(row[column])
            seen.setdefault("risk_reasons", set()).update(row["risk_reasons"])
    assert seen["risk_level"] == {*LEVELS, None}
    assert {column: len(values) for column, values in seen.items() if column != "risk_level"} == {
        "engagement_status": 3,
        "action_priority": 4,
        "recommended_action": 9,
        "risk_reasons": 9,
    }


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_clinics_never_drawn_before(warehouse: Settings) -> None:
    first = random.SystemRandom().randrange(1_000, 10**9)
    check(warehouse, draw_and_build(warehouse, range(first, first + 1_000)))
