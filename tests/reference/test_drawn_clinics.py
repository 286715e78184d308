"""A hundred drawn clinics in one build: every column of every mart equals the reference, now and then."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from orchestration.dbt.build import build
from tests.reference.comparing import Reader
from tests.reference.drawing import Drawn, draw_clinic
from tests.reference.facts import facts_of
from tests.reference.lists import master_view
from tests.reference.loading import load
from tests.reference.marts import some_days
from tests.reference.outreach import performance
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


def flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Columns of a row; those within a column of JSON by both names."""
    for column, value in row.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{column}_")
        else:
            yield f"{prefix}{column}", value


def test_the_drawn_clinics_prove_something(module_warehouse: Settings, hundred: Clinics) -> None:
    """Each level, status, action, reason and verdict was compared, and no column was all zeros."""
    seen: dict[str, set[object]] = defaultdict(set)
    for name, clinic in hundred.items():
        question = Question.at(facts_of(read_clinic(module_warehouse, name)), clinic.anchor)
        for row in (*master_view(question), *performance(question), *some_days(question)):
            for column, value in flat(row):
                seen[column].update(value if isinstance(value, list) else [value])
    assert seen["risk_level"] == {*LEVELS, None}
    counts = {column: len(values) for column, values in seen.items()}
    assert counts | KINDS == counts
    assert not [column for column, count in counts.items() if count == 1 and column not in CONSTANT]


KINDS = {
    "engagement_status": 3,
    "action_priority": 4,
    "recommended_action": 9,
    "risk_reasons": 9,
    "our_performance": 4,
    "email_opened_tracked": 2,
}
CONSTANT = {"industry_avg_contact_rate", "industry_avg_conversion"}


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_clinics_never_drawn_before(warehouse: Settings) -> None:
    first = random.SystemRandom().randrange(1_000, 10**9)
    check(warehouse, draw_and_build(warehouse, range(first, first + 1_000)))
