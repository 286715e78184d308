"""Before the first statement: are tenants isolated in everything the API's role can read?

The catalogue check itself belongs to `warehouse.tenant_isolation`, beside what isolates them.
"""

import asyncio

import psycopg

from serving.http.logs import log
from warehouse.tenant_isolation.holes import find_holes


class TenantIsolationError(Exception):
    """Some relation shows the API's role rows of every organization. Nothing is served."""


class TenantIsolation:
    """Looked at once, as the role that serves; until it was seen to be complete, no statement runs."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._is_complete = False
        self._lock = asyncio.Lock()

    async def require(self) -> None:
        """Return when it was seen to be complete.

        Raises:
            TenantIsolationError: it has holes: the message names the relations.
            psycopg.OperationalError: the database is away, so nobody can tell.
        """
        if self._is_complete:
            return
        async with self._lock:
            if not self._is_complete:
                await asyncio.to_thread(refuse_holes, self._url)
                self._is_complete = True


def refuse_holes(url: str) -> None:
    with psycopg.connect(url, connect_timeout=2) as connection:
        holes = find_holes(connection)
    if holes:
        log.critical("holes_in_tenant_isolation", count=len(holes), holes="; ".join(holes))
        raise TenantIsolationError("; ".join(holes))
