"""Answers that are kept: what was read once is not read again until it may have changed.

An answer belongs to an organization, a statement with its parameters, and a version of the data. It ends with
its version, and at its horizon, where time alone changes it. Whoever asks the same while it is being read
shares that reading. The guard has let the caller in before anybody looks here, and the audit row is written
after.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson
from cachetools import LRUCache

from serving.data.answer import Answer
from serving.data.versions import Version, Versions

MOST_HORIZONS = 10_000


@dataclass(frozen=True)
class Question:
    """What is asked, and for which organization: no answer is found under another's name."""

    organization_id: str
    statement: str
    parameters: bytes

    @classmethod
    def of(cls, organization_id: str, statement: str, parameters: Mapping[str, object]) -> "Question":
        return cls(organization_id, statement, orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS))


@dataclass(frozen=True)
class Kept:
    answer: Answer
    ends_at: float
    size: int


Place = tuple[Question, Version]
Read = Callable[[], Awaitable[Answer]]
Horizon = Callable[[], Awaitable[float | None]]


class Cache:
    """The answers used last, up to so many bytes; none at all with 0."""

    def __init__(
        self, versions: Versions, max_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._versions = versions
        self._clock = clock
        self._kept: LRUCache[Place, Kept] = LRUCache(max_bytes, getsizeof=lambda kept: kept.size)
        self._horizons: LRUCache[str, tuple[Version, float]] = LRUCache(MOST_HORIZONS)
        self._reading: dict[Place, asyncio.Task[Answer]] = {}

    async def answer(self, question: Question, read: Read, horizon: Horizon) -> Answer:
        """The answer that is kept, or what `read` brings; `horizon` tells how many seconds that will hold."""
        version = self._versions.current(question.organization_id) if self._kept.maxsize else None
        if version is None:
            return await read()
        place = (question, version)
        kept = self._kept.get(place)
        if kept and self._clock() < kept.ends_at:
            return kept.answer
        reading = self._reading.get(place)
        if reading is None:
            reading = asyncio.create_task(self._read(place, read, horizon))
            self._reading[place] = reading
            reading.add_done_callback(lambda done: self._end(place, done))
        return await asyncio.shield(reading)

    async def _read(self, place: Place, read: Read, horizon: Horizon) -> Answer:
        # The horizon first: an instant that passes between the two then ends the answer at once.
        ends_at = await self._end_of(place, horizon)
        answer = await read()
        size = answer.size() + len(place[0].parameters)
        if ends_at is not None and size <= self._kept.maxsize:
            self._kept[place] = Kept(answer, ends_at, size)
        return answer

    async def _end_of(self, place: Place, horizon: Horizon) -> float | None:
        question, version = place
        known = self._horizons.get(question.organization_id)
        if known and known[0] == version and self._clock() < known[1]:
            return known[1]
        asked_at = self._clock()
        seconds = await horizon()
        if seconds is None or math.isnan(seconds):
            return None
        self._horizons[question.organization_id] = (version, asked_at + seconds)
        return asked_at + seconds

    def _end(self, place: Place, done: asyncio.Task[Answer]) -> None:
        self._reading.pop(place, None)
        if not done.cancelled():
            done.exception()  # whoever waits gets it; nobody may wait any longer
