"""The way to the rows: a small pool as the role `routiq_api`, and one transaction a request.

Each transaction says whose rows it may see by `SET LOCAL`, which ends with it, so a connection carries
nothing from one organization to the next. Begin, setting, statement and commit travel together in one
pipeline: one round trip. Statements are prepared on their first use.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import LiteralString

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from serving.data.cache import Cache
from serving.data.group_commit import GroupCommit, Row
from serving.data.tenancy import TenantIsolation, TenantIsolationError
from serving.data.versions import Versions
from serving.http.errors import NotLoaded, Unavailable
from serving.http.logs import log

ACQUIRE_SECONDS = 0.8
Connection = AsyncConnection[DictRow]
Parameters = Mapping[str, object]
Step = tuple[str, LiteralString, Parameters]


class DatabaseError(Exception):
    """A statement failed for a reason that is ours: a bug or a missing right. Named by class only."""


class Database:
    """Reads and writes for one organization at a time; `cache` keeps answers while they hold."""

    def __init__(self, url: str, size: int, cache_bytes: int = 0) -> None:
        self._isolation = TenantIsolation(url)
        self.versions = Versions(url)
        self.cache = Cache(self.versions, cache_bytes)
        self._keeps_answers = cache_bytes > 0
        self._listening: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[DictRow],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "connect_timeout": 2,
                "application_name": "routiq-api",
            },
            min_size=min(2, size),
            max_size=size,
            timeout=ACQUIRE_SECONDS,
            max_waiting=size * 50,
            reconnect_timeout=5,
            open=False,
            name="api",
        )

    async def open(self) -> None:
        """Raises TenantIsolationError rather than serve through a hole; a database may come later."""
        with contextlib.suppress(psycopg.OperationalError):
            await self._isolation.require()
        await self._pool.open()
        if self._keeps_answers:
            self._listening = asyncio.create_task(self.versions.listen())

    async def close(self) -> None:
        if self._listening:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        await self._pool.close(timeout=5)

    async def read(
        self, organization_id: str, statement: LiteralString, parameters: Parameters
    ) -> DictRow | None:
        """The first row of one statement, read for one organization.

        Raises:
            Unavailable: the database is away, or too slow.
            NotLoaded: the marts were never built.
        """
        return await self._run("read only", [(organization_id, statement, parameters)], repeatable=True)

    async def write(
        self, organization_id: str, statement: LiteralString, parameters: Parameters
    ) -> DictRow | None:
        """As `read`, in a transaction that may write; durable when it returns.

        Whoever asks after that gets no answer from before it.
        """
        try:
            return await self._run("read write", [(organization_id, statement, parameters)], repeatable=False)
        finally:
            self.versions.bump(organization_id)

    def stats(self) -> dict[str, int]:
        """The pool's counters; `requests_num` is how often a connection was asked for."""
        return self._pool.get_stats()

    async def is_reachable(self) -> bool:
        try:
            await self._isolation.require()
            async with self._connection() as connection:
                await connection.execute("select")
        except (Unavailable, TenantIsolationError, psycopg.Error):
            return False
        return True

    def appender(self, statement: LiteralString) -> GroupCommit:
        """Writes rows by `statement`, which takes them as `rows` (jsonb); those that wait share a commit.

        A row may be sent twice when the server is started again: the statement must take it once.
        """

        async def commit(rows: Mapping[str, list[Row]]) -> None:
            # In one order everywhere, so that two processes never wait for each other.
            steps = [(name, statement, {"rows": Jsonb(rows[name])}) for name in sorted(rows)]
            await self._run("read write", steps, repeatable=True)

        return GroupCommit(commit)

    async def _run(self, mode: LiteralString, steps: Sequence[Step], *, repeatable: bool) -> DictRow | None:
        try:
            await self._isolation.require()
            return await self._attempt(mode, steps)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            # A server that was started again leaves dead connections in the pool. Asking once more is safe:
            # what was not committed is gone, and a write that may have been committed is not repeated.
            if not repeatable or error.sqlstate not in {None, "57P01"}:
                raise as_problem(error) from None
        except psycopg.Error as error:
            raise as_problem(error) from None
        await self._pool.check()
        try:
            return await self._attempt(mode, steps)
        except psycopg.Error as error:
            raise as_problem(error) from None

    async def _attempt(self, mode: LiteralString, steps: Sequence[Step]) -> DictRow | None:
        """One transaction; returns the first row of its last statement."""
        async with self._connection() as connection:
            try:
                async with connection.pipeline():
                    await connection.execute(sql.SQL(f"begin {mode}"))
                    for organization_id, statement, parameters in steps:
                        await enter(connection, organization_id)
                        cursor = await connection.execute(statement, parameters, prepare=True)
                    await connection.execute("commit")
                return await cursor.fetchone() if cursor.description else None
            except psycopg.Error:
                if not connection.closed:
                    await connection.rollback()
                raise

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, TooManyRequests) as error:
            log.warning("no_connection", error=type(error).__name__)
            raise Unavailable from None


async def enter(connection: Connection, organization_id: str) -> None:
    """Only rows of this organization from here on, until the transaction ends."""
    await connection.execute(
        sql.SQL("set local app.organization_id = {}").format(sql.Literal(organization_id))
    )


def as_problem(error: psycopg.Error) -> Exception:
    """What a database error is to the caller; its message quotes SQL and data and stays here."""
    log.error("database_error", error=type(error).__name__, sqlstate=error.sqlstate)
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
        return NotLoaded()
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable()
    return DatabaseError(type(error).__name__)
