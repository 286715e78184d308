"""How fast Cliniko may be asked: never more often than allowed, hardly ever less.

Cliniko counts in windows of a minute that we cannot see, and it counts when a request arrives. We know when
it was sent and when it was answered; it arrived in between. So the request number n + 200 is sent a minute
after request n was *answered*: then no minute holds more than 200 arrivals, wherever windows begin and
however the network trembles, without giving away a margin. Limiters that stamp the sending need one.

The stamps live in `app.request_pace`: a run that follows a killed one begins with its stamps. They are
written ahead in blocks, so a crash can only make the next run slower, never too fast.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

WINDOW_SECONDS = 60.0
BLOCK = 20


class Ledger(Protocol):
    """Where stamps outlive the process. Ages are in seconds; None is a request set aside for later."""

    def read(self) -> Sequence[float]: ...

    def write(self, ages: Sequence[float | None]) -> None: ...


class Pace:
    """The allowance of one Cliniko user. Used by one thread at a time."""

    def __init__(
        self,
        requests_per_minute: int,
        ledger: Ledger | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = requests_per_minute
        self._ledger = ledger
        self._clock = clock
        self._set_aside = 0
        self._answered: deque[float] = deque(maxlen=max(requests_per_minute, 1))
        if ledger is not None and requests_per_minute:
            self._answered.extend(clock() - age for age in sorted(ledger.read(), reverse=True))

    @property
    def is_lifted(self) -> bool:
        return self._limit == 0

    def pause(self) -> float:
        """Seconds until the next request may be sent."""
        if len(self._answered) < self._limit or self.is_lifted:
            return 0.0
        return max(0.0, self._answered[0] + WINDOW_SECONDS - self._clock())

    def sending(self) -> None:
        """A request is about to be sent."""
        if self._set_aside == 0 and not self.is_lifted:
            self._set_aside = BLOCK
            self._write()

    def answered(self) -> None:
        """A request was answered, or failed: from now on its minute runs."""
        if not self.is_lifted:
            self._answered.append(self._clock())
            self._set_aside -= 1

    def close(self) -> None:
        """Give back what was set aside and not used."""
        self._set_aside = 0
        if not self.is_lifted:
            self._write()

    def _write(self) -> None:
        if self._ledger is not None:
            now = self._clock()
            ages = [now - stamp for stamp in self._answered if now - stamp < WINDOW_SECONDS]
            self._ledger.write([*ages, *[None] * self._set_aside][-self._limit :])
