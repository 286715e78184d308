"""How many requests an organization may make in an hour, per tier: `admin`, `sync` or `regular`.

A moving window, exact at its edge: in no hour are more than the limit let through. The log of each window is
pyrate-limiter's in-memory bucket: the API runs as one process, so the count is the organization's whole.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class Limits:
    def __init__(self, per_hour: dict[Tier, int], clock: Callable[[], float] = time.time) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._buckets: dict[tuple[str, Tier], InMemoryBucket] = {}

    def admit(self, organization_id: str, tier: Tier) -> Standing:
        """Count one request; `reset` is when the next place becomes free (UNIX seconds, rounded up)."""
        limit = self._per_hour[tier]
        bucket = self._buckets.setdefault((organization_id, tier), InMemoryBucket([Rate(limit, HOUR_MS)]))
        now = int(self._clock() * 1000)
        bucket.leak(now + 1)  # what is exactly an hour old has left the window
        admitted = bucket.put(RateItem(tier, now))
        oldest = bucket.peek(bucket.count() - 1)
        free_at = (oldest.timestamp if oldest else now) + HOUR_MS
        return Standing(
            limit=limit,
            remaining=limit - bucket.count(),
            reset=math.ceil(free_at / 1000),
            wait=math.ceil((free_at - now) / 1000),
            admitted=admitted,
        )
