"""An issuer on this machine makes tokens for whoever asks it: only clinics that do not exist may be here.

Asked before the API serves at all, and again every few seconds while it does: an organization may be added.
With an issuer elsewhere, or where `ROUTIQ_ALLOW_LOOPBACK_ISSUER` says that it is meant, nothing is asked.
"""

import asyncio
import time
from typing import LiteralString

from serving.data.database import Database
from serving.http.errors import Unavailable
from serving.http.logs import log

HOLDS_SECONDS = 5.0
REMEDY = "set ROUTIQ_CLERK_ISSUER to your Clerk's address, or ROUTIQ_ALLOW_LOOPBACK_ISSUER=1 if this is meant"
STRANGERS: LiteralString = """
    select array(
        select organization_id
        from app.organizations
        left join app.cliniko_credentials using (organization_id)
        where is_loopback is not true
        order by organization_id
        limit 20
    ) as strangers
"""


class LoopbackIssuerError(Exception):
    """Patients who exist would be shown on tokens that anybody on this machine can have."""


class IssuerCheck:
    def __init__(self, operators: Database, *, is_needed: bool) -> None:
        self._operators = operators
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
        row = await self._operators.read("", STRANGERS, {})
        if row is None or row["strangers"]:
            names = ", ".join(row["strangers"]) if row else ""
            log.critical("loopback_issuer_refused", organizations=names, remedy=REMEDY)
            raise LoopbackIssuerError(names)
        self._holds_until = time.monotonic() + HOLDS_SECONDS

    async def admit(self) -> None:
        """As `require`, for a caller: who is told that it is not his fault, and no more."""
        try:
            await self.require()
        except LoopbackIssuerError:
            raise Unavailable("Sign-in is not set up here in a way that may show patients.") from None
