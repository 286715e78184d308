"""Which version of each organization's data is current, as far as this process has heard.

Whatever changes an answer is announced on one channel, in the transaction that changes it: a publication, an
outreach row, a finished sync, the organization itself. A change that this process makes counts at once.
While nobody listens, no version can be known, and nothing may be kept.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Callable

import psycopg
from psycopg import AsyncConnection

from serving.http.logs import log

CHANNEL = "routiq_data"
HEARTBEAT_SECONDS = 2.0
DEAF_AFTER_SECONDS = 6.0
RETRY_SECONDS = 0.5

Version = tuple[int, int]


class Versions:
    """Counts the changes heard of, within one unbroken spell of listening."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._spell = 0
        self._heard_at = float("-inf")
        self._changes: defaultdict[str, int] = defaultdict(int)

    def current(self, organization_id: str) -> Version | None:
        """None while nobody listens."""
        if self._clock() - self._heard_at > DEAF_AFTER_SECONDS:
            return None
        return self._spell, self._changes.get(organization_id, 0)

    def bump(self, organization_id: str) -> None:
        """Something of the organization has changed."""
        self._changes[organization_id] += 1

    async def listen(self) -> None:
        """Listen until cancelled; after a broken connection again, in a new spell."""
        while not is_cancelled():
            with contextlib.suppress(psycopg.Error, TimeoutError, OSError):
                await self._listen_once()
            self._heard_at = float("-inf")
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen_once(self) -> None:
        connection = await AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=2, application_name="routiq-api-listener"
        )
        try:
            await connection.execute(f"listen {CHANNEL}")
            self._spell += 1
            while not is_cancelled():
                await self._beat(connection)
                async for notification in connection.notifies(timeout=HEARTBEAT_SECONDS):
                    self.bump(notification.payload.partition(" ")[0])
        finally:
            log.warning("no_longer_listening")
            # Not `close()`: it would wait for a server that may be gone.
            connection.pgconn.finish()

    async def _beat(self, connection: AsyncConnection) -> None:
        """A connection that was cut without a word would keep silent for ever: ask it."""
        began = self._clock()
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            await connection.execute("select")
        self._heard_at = began


def is_cancelled() -> bool:
    """Whether somebody wants the running task to end: a wait that fails at that moment swallows it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
