"""One sync with Clerk at a time for each organization, carried out behind the answer that started it.

begin (a row, one running at most) -> read all of Clerk -> one statement that mirrors it and ends the row. The
whole takes `seconds` at most. A process that is killed leaves its row running: its lease, a little longer
than a sync may take, tells everybody that it was abandoned, and the next one begins where it would.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from serving.access.caller import Member
from serving.data.asking import known
from serving.data.database import Database, DatabaseError
from serving.data.framing import statement
from serving.features.clerk.reading import ClerkFailure, Reader
from serving.http.errors import Problem, Unavailable
from serving.http.logs import log

BEGIN = statement("features/clerk/begin.sql")
FAIL = statement("features/clerk/fail.sql")
MIRROR = statement("features/clerk/mirror.sql")
LEASE_MARGIN_SECONDS = 15.0
ATTEMPTS = 5
RETRY_SHARE = 1 / 3  # of a sync's time, for one request that is tried again


class Mirror:
    """Asks Clerk with one key; `seconds` is how long a sync may take."""

    def __init__(self, database: Database, url: str, secret_key: SecretStr, seconds: float) -> None:
        self._database = database
        self._url, self._secret_key, self._seconds = url, secret_key, seconds
        self._clerk: Reader | None = None
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, member: Member) -> DictRow:
        """Begin a sync behind the caller's back, or find the one that runs.

        Raises:
            Unavailable: another session began and ended some meanwhile, time and again.
        """
        parameters = {
            "organization_id": member.organization_id,
            "requested_by": member.subject,
            "lease_seconds": self._seconds + LEASE_MARGIN_SECONDS,
        }
        for _ in range(ATTEMPTS):
            row = known(await self._database.write(member.organization_id, BEGIN, parameters))
            if row["is_new"]:
                self._spawn(self._run(member.organization_id, row["sync_id"]))
            if row["sync_id"] is not None:
                return row
        raise Unavailable(retry_after=1)

    async def is_connected(self, organization_id: str) -> bool:
        return await (await self._reader()).knows(organization_id)

    async def close(self) -> None:
        """End what runs, and say so in its rows."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._clerk is not None:
            await self._clerk.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)  # or it might be collected while it runs
        task.add_done_callback(self._running.discard)

    async def _run(self, organization_id: str, sync_id: str) -> None:
        try:
            await self._mirror(organization_id, sync_id)
        except asyncio.CancelledError:
            await self._fail(organization_id, sync_id, "stopped")
            raise
        except ClerkFailure as failure:
            await self._fail(organization_id, sync_id, failure.code)
        except TimeoutError:
            await self._fail(organization_id, sync_id, "timed_out")
        except (DatabaseError, Problem):
            await self._fail(organization_id, sync_id, "not_stored")
        except Exception as error:  # noqa: BLE001 - nobody waits for it: the row is where it is told
            log.error("clerk_sync_broken", error=type(error).__name__)
            await self._fail(organization_id, sync_id, "broken")

    async def _mirror(self, organization_id: str, sync_id: str) -> None:
        async with asyncio.timeout(self._seconds):
            reading = await (await self._reader()).read(organization_id)
        parameters = {name: Jsonb(value) for name, value in asdict(reading).items()}
        named = parameters | {"organization_id": organization_id, "sync_id": sync_id}
        await self._database.write(organization_id, MIRROR, named)

    async def _fail(self, organization_id: str, sync_id: str, code: str) -> None:
        log.warning("clerk_sync_failed", organization_id=organization_id, reason=code)
        parameters = {"organization_id": organization_id, "sync_id": sync_id, "code": code}
        with contextlib.suppress(DatabaseError, Problem):  # then its lease tells
            await self._database.write(organization_id, FAIL, parameters)

    async def _reader(self) -> Reader:
        async with self._lock:
            if self._clerk is None:
                self._clerk = await asyncio.to_thread(self._connect)
            return self._clerk

    def _connect(self) -> Reader:
        from serving.features.clerk.directory import Directory  # noqa: PLC0415 - the SDK's import takes seconds

        return Directory(self._url, self._secret_key, self._seconds * RETRY_SHARE)
