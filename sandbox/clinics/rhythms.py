"""How people come to a clinic: the habits, and on which days each puts its visits."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from sandbox.clinics.clock import HOUR, MINUTE, Calendar

EDGE_DAYS = (6, 7, 13, 14, 29, 30, 44, 45, 89, 90, 120, 121)
EDGE_SECONDS = (0, 1, 8 * HOUR + 30 * MINUTE, 12 * HOUR, 24 * HOUR - 1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Days count back from today; `ahead` is how many of the visits are still to come."""

    name: str
    share: int
    visits: tuple[int, int]
    last_days_ago: tuple[int, int]
    every_days: tuple[int, int]
    ahead: tuple[int, int] = (0, 0)
    loses_last: float = 0.0


RHYTHMS = (
    Rhythm("weekly_course", 15, (4, 12), (0, 6), (6, 8), ahead=(1, 3)),
    Rhythm("finished_course", 19, (3, 10), (3, 220), (6, 8)),
    Rhythm("drop_out", 14, (1, 4), (5, 170), (6, 9), loses_last=0.5),
    Rhythm("maintenance", 19, (4, 14), (0, 44), (38, 46), ahead=(0, 1)),
    Rhythm("lapsed_maintenance", 9, (2, 8), (46, 700), (38, 60), loses_last=0.2),
    Rhythm("one_off", 10, (1, 1), (1, 700), (7, 7)),
    Rhythm("never_attended", 7, (0, 2), (1, 400), (5, 12), loses_last=1.0),
    Rhythm("edge", 7, (1, 3), (0, 0), (9, 33)),
)
BY_NAME = {rhythm.name: rhythm for rhythm in RHYTHMS}


def draw_rhythm(rng: Random) -> Rhythm:
    return rng.choices(RHYTHMS, weights=[rhythm.share for rhythm in RHYTHMS])[0]


def second_of_day(rng: Random) -> int:
    """Office hours mostly; some so late or early that the local day is not the one of UTC."""
    luck = rng.random()
    if luck < 0.04:
        return rng.choice((22, 23)) * HOUR + rng.choice((0, 30, 45)) * MINUTE
    if luck < 0.08:
        return rng.choice((0, 1, 5)) * HOUR + rng.choice((0, 15, 30)) * MINUTE
    return rng.randrange(7, 19) * HOUR + rng.randrange(4) * 15 * MINUTE


def visit_starts(rng: Random, rhythm: Rhythm, visits: int, calendar: Calendar, now: int) -> list[int]:
    """Starts in order of time. The latest come first when only few are asked for."""
    today = calendar.day(now)
    usual = second_of_day(rng)
    starts = []
    for number, days_ago in zip(range(visits), _days_back(rng, rhythm), strict=False):
        second = usual if rng.random() < 0.7 else second_of_day(rng)
        if rhythm.name == "edge" and number == 0:
            second = rng.choice(EDGE_SECONDS)
        starts.append(calendar.at(today - days_ago, second))
    return sorted(starts)


def _days_back(rng: Random, rhythm: Rhythm) -> Iterator[int]:
    """From the booking farthest ahead back in time, without end."""
    last = rng.choice(EDGE_DAYS) if rhythm.name == "edge" else rng.randint(*rhythm.last_days_ago)
    if rhythm.name == "never_attended" and rng.random() < 0.25:
        last = -last % 28 - 28
    ahead = rng.randint(*rhythm.ahead)
    days = last - sum(rng.randint(*rhythm.every_days) for _ in range(ahead))
    while True:
        yield days
        days += rng.randint(*rhythm.every_days)
