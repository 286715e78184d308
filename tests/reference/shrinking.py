"""A clinic that differs -> the smallest that still does. A build tries many ways to leave something out."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pprint import pformat

from orchestration.dbt.build import build
from tests.reference.comparing import Difference, Reader
from tests.reference.drawing import Drawn
from tests.reference.loading import load
from warehouse.settings import Settings

MOST_BUILDS = 50
_numbers = itertools.count(1)


def shrink(settings: Settings, clinic: Drawn, example: Difference) -> str:
    """The smallest clinic found with a difference in the same column, in words."""
    found = [example]
    for _ in range(MOST_BUILDS):
        candidates = {f"smaller_{next(_numbers)}": smaller for smaller in _smaller(clinic)}
        load(settings, candidates)
        build(settings)
        with Reader(settings) as reader:
            differing = {
                name: alike
                for name in candidates
                if (alike := _alike(example, reader.compare(name, [example.as_of])))
            }
        if not differing:
            break
        smallest = min(differing, key=lambda name: len(candidates[name]))
        clinic, found = candidates[smallest], differing[smallest]
    told = "\n".join(map(str, found[:3]))
    return f"{told}\n{pformat(clinic, width=150)}"


def _alike(example: Difference, found: list[Difference]) -> list[Difference]:
    return [it for it in found if (it.name, it.column) == (example.name, example.column)]


def _smaller(clinic: Drawn) -> Iterator[Drawn]:
    """Without each half, each quarter, ... and each single row."""
    size = len(clinic)
    length = size // 2
    while length:
        for start in range(0, size, length):
            yield _without(clinic, range(start, min(start + length, size)))
        length //= 2


def _without(clinic: Drawn, places: range) -> Drawn:
    kept = [place for place in range(len(clinic)) if place not in places]
    count = len(clinic.records)
    return replace(
        clinic,
        records=tuple(clinic.records[place] for place in kept if place < count),
        outreach=tuple(clinic.outreach[place - count] for place in kept if place >= count),
    )
