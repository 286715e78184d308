"""An issuer on this machine makes tokens for whoever asks it: only clinics that do not exist may be here.

Asked before the API serves at all, and again every few seconds while it does: an organization may be added.
With an issuer elsewhere, or where `ROUTIQ_ALLOW_LOOPBACK_ISSUER` says that it is meant, nothing is asked.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from serving.http.errors import Unavailable
from serving.http.logs import log

HOLDS_SECONDS = 5.0
REMEDY = "set ROUTIQ_CLERK_ISSUER to your Clerk's address, or ROUTIQ_ALLOW_LOOPBACK_ISSUER=1 if this is meant"
FindStrangers = Callable[[], Awaitable[Sequence[str]]]


class LoopbackIssuerError(Exception):
    """Patients who exist would be shown on tokens that anybody on this machine can have."""


class IssuerCheck:
    """`find_strangers` brings the organizations whose patients exist; raises Unavailable when it cannot."""

    def __init__(self, find_strangers: FindStrangers, *, is_needed: bool) -> None:
        self._find_strangers = find_strangers
        self._is_needed = is_needed
        self._holds_until = float("-inf")
        self._lock = asyncio.Lock()

    async def require(self) -> None:
        """Return when no organization but the demo's is here.

        Raises:
            LoopbackIssuerError: there is one; the log names it.
            Unavailable: the database is away, so nobody can tell.
        """
        if not self._is_needed or time.monotonic() < self._holds_until:
            return
        async with self._lock:
            if time.monotonic() >= self._holds_until:
                await self._look()

    async def _look(self) -> None:
        if strangers := await self._find_strangers():
            names = ", ".join(strangers)
            log.critical("loopback_issuer_refused", organizations=names, remedy=REMEDY)
            raise LoopbackIssuerError(names)
        self._holds_until = time.monotonic() + HOLDS_SECONDS

    async def admit(self) -> None:
        """As `require`, for a caller: who is told that it is not his fault, and no more."""
        try:
            await self.require()
        except LoopbackIssuerError:
            raise Unavailable("Sign-in is not set up here in a way that may show patients.") from None
