"""Rows that wait at the same time share a commit.

The first to come is written at once; what comes while it is written goes together with the next commit. So
an idle service waits for nobody, and a busy one needs few commits. A row that cannot be written spoils no
other: then each is written by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from serving.http.errors import Problem

MOST_AT_ONCE = 200

Row = Mapping[str, object]
Commit = Callable[[dict[str, list[Row]]], Awaitable[None]]


@dataclass(frozen=True)
class Waiting:
    organization_id: str
    row: Row
    written: "asyncio.Future[None]"


class GroupCommit:
    """`commit` writes rows by organization in one transaction, all of them or none."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._queue: list[Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, organization_id: str, row: Row) -> None:
        """Durable when it returns; raises what `commit` raises."""
        waiting = Waiting(organization_id, row, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await waiting.written

    async def _write_all(self) -> None:
        while self._queue:
            batch, self._queue = self._queue[:MOST_AT_ONCE], self._queue[MOST_AT_ONCE:]
            await self._write_batch(batch)

    async def _write_batch(self, batch: list[Waiting]) -> None:
        rows: dict[str, list[Row]] = {}
        for waiting in batch:
            rows.setdefault(waiting.organization_id, []).append(waiting.row)
        try:
            await self._commit(rows)
        except Problem as error:
            settle(batch, error)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever's row it is
            if len(batch) == 1:
                return settle(batch, error)
            for waiting in batch:
                await self._write_batch([waiting])
        else:
            settle(batch)


def settle(batch: list[Waiting], error: Exception | None = None) -> None:
    for waiting in batch:
        if waiting.written.done():  # whoever waited has gone
            continue
        if error is None:
            waiting.written.set_result(None)
        else:
            waiting.written.set_exception(error)
