"""How often a user may ask, and how often one did."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RateLimit:
    """A fixed window of `seconds`, beginning at multiples of it; no limit if `allowed` is None."""

    allowed: int | None
    seconds: int = 60
    _window: int = 0
    _used: int = 0

    def take(self, now: float) -> int | None:
        """None if the request may pass, else the second at which the window ends."""
        self._turn(now)
        if self.allowed is not None and self._used >= self.allowed:
            return (self._window + 1) * self.seconds
        self._used += 1
        return None

    def state(self, now: float) -> dict[str, int | None]:
        self._turn(now)
        left = None if self.allowed is None else self.allowed - self._used
        return {"limit": self.allowed, "remaining": left, "reset": (self._window + 1) * self.seconds}

    def _turn(self, now: float) -> None:
        window = int(now // self.seconds)
        if window != self._window:
            self._window, self._used = window, 0


@dataclass
class RequestCounts:
    """Counts for tests: of all requests that came with the clinic's key."""

    by_path: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)

    def add(self, path: str, status: int) -> None:
        """Records of one resource count as one path."""
        parts = ["{id}" if part.isdigit() else part for part in path.split("/")]
        self.by_path["/".join(parts)] += 1
        self.by_status[status] += 1

    def report(self) -> dict[str, Any]:
        return {
            "requests": self.by_path.total(),
            "by_path": dict(self.by_path),
            "by_status": {str(status): count for status, count in self.by_status.items()},
            "status_429": self.by_status[429],
        }
