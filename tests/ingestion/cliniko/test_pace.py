"""Never more than allowed in any minute, hardly less; by a clock that the test turns."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ingestion.cliniko.pace import BLOCK, Pace


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Memory:
    """A ledger that outlives its pace."""

    clock: Clock
    stamps: list[float | None] = field(default_factory=list)

    def read(self) -> Sequence[float]:
        return [0.0 if stamp is None else self.clock() - stamp for stamp in self.stamps]

    def write(self, ages: Sequence[float | None]) -> None:
        self.stamps = [None if age is None else self.clock() - age for age in ages]


def drive(pace: Pace, clock: Clock, count: int, jitter: random.Random) -> list[float]:
    """Send `count` requests; the instants at which the server got them."""
    arrivals = []
    for _ in range(count):
        clock.now += pace.pause()
        pace.sending()
        there, back = jitter.expovariate(8), jitter.expovariate(8)
        arrivals.append(clock.now + there)
        clock.now += there + back
        pace.answered()
    return arrivals


def most_in_a_minute(arrivals: list[float]) -> int:
    """The most in any window of 60 s, wherever it begins."""
    most = start = 0
    for end, arrival in enumerate(arrivals):
        while arrivals[start] <= arrival - 60:
            start += 1
        most = max(most, end - start + 1)
    return most


@pytest.mark.parametrize("seed", range(20))
def test_no_minute_holds_more_than_allowed_however_the_network_trembles(seed: int) -> None:
    clock = Clock()
    arrivals = drive(Pace(200, clock=clock), clock, 1500, random.Random(seed))
    assert most_in_a_minute(arrivals) <= 200


def test_the_pace_is_at_least_95_percent_of_what_is_allowed() -> None:
    clock = Clock()
    arrivals = drive(Pace(200, clock=clock), clock, 2001, random.Random(1))
    allowed = 600  # seconds: the first of each 200 leaves a minute after the first of the 200 before
    assert (arrivals[-1] - arrivals[0]) <= allowed / 0.95


def test_a_burst_is_sent_at_once() -> None:
    clock = Clock()
    pace = Pace(200, clock=clock)
    for _ in range(200):
        assert pace.pause() == 0
        pace.sending()
        pace.answered()
    assert pace.pause() == 60


@pytest.mark.parametrize("killed_after", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7, 150, 200])
def test_a_run_after_a_killed_one_stays_within_the_same_minute(killed_after: int) -> None:
    clock, jitter = Clock(), random.Random(killed_after)
    ledger = Memory(clock)
    arrivals = drive(Pace(200, ledger, clock), clock, killed_after, jitter)
    arrivals += drive(Pace(200, ledger, clock), clock, 600, jitter)
    assert most_in_a_minute(arrivals) <= 200


def test_what_was_set_aside_and_not_used_is_given_back() -> None:
    clock = Clock()
    ledger = Memory(clock)
    pace = Pace(200, ledger, clock)
    pace.sending()
    pace.answered()
    assert len(ledger.stamps) == BLOCK
    pace.close()
    assert ledger.stamps == [1000.0]


def test_a_lifted_limit_never_waits() -> None:
    pace = Pace(0)
    for _ in range(1000):
        assert pace.pause() == 0
        pace.sending()
        pace.answered()
