"""How many requests an organization may make in an hour, per tier: `admin`, `sync` or `regular`.

A moving window, exact at its edge: in no hour are more than the limit let through. One process counts in its
own memory; several share the count in Redis (`serving.access.redis_limits`).
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from pyrate_limiter import InMemoryBucket, Rate, RateItem

Tier = Literal["admin", "sync", "regular"]
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Standing:
    """Where an organization stands in a tier after this request."""

    limit: int
    remaining: int
    reset: int
    wait: int
    admitted: bool

    @classmethod
    def of(cls, limit: int, count: int, oldest_ms: int, now_ms: int, *, admitted: bool) -> "Standing":
        """`reset` is when the oldest request leaves the window (UNIX seconds, rounded up)."""
        free_at = oldest_ms + HOUR_MS
        return cls(
            limit=limit,
            remaining=max(0, limit - count),
            reset=math.ceil(free_at / 1000),
            wait=math.ceil((free_at - now_ms) / 1000),
            admitted=admitted,
        )

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class Limits(Protocol):
    """Where requests are counted."""

    async def admit(self, organization_id: str, tier: Tier) -> Standing:
        """Count one request, unless the hour is used up; raises Unavailable when nobody can count."""
        ...

    async def is_reachable(self) -> bool: ...

    async def close(self) -> None: ...


class MemoryLimits:
    """Counted in this process: pyrate-limiter's in-memory bucket is each window's log."""

    def __init__(self, per_hour: Mapping[Tier, int], clock: Callable[[], float] = time.time) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._buckets: dict[tuple[str, Tier], InMemoryBucket] = {}

    async def admit(self, organization_id: str, tier: Tier) -> Standing:
        limit = self._per_hour[tier]
        bucket = self._buckets.setdefault((organization_id, tier), InMemoryBucket([Rate(limit, HOUR_MS)]))
        now = int(self._clock() * 1000)
        bucket.leak(now + 1)  # what is exactly an hour old has left the window
        admitted = bucket.put(RateItem(tier, now))
        oldest = bucket.peek(bucket.count() - 1)
        return Standing.of(
            limit, bucket.count(), oldest.timestamp if oldest else now, now, admitted=bool(admitted)
        )

    async def is_reachable(self) -> bool:
        return True

    async def close(self) -> None:
        pass
