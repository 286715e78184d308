"""Keeping a claimed run alive: a thread that renews the lease, writes progress, and tells when it is lost."""

import threading
from collections.abc import Callable
from typing import Self
from uuid import UUID

import psycopg

from ingestion.errors import SyncError
from ingestion.runs import FeedRow, claim, write_feeds
from warehouse.settings import Settings
from warehouse.sync_runs import LEASE_SECONDS, Kind, Run, renew

TICK_SECONDS = 0.5
RENEW_EVERY = 30  # ticks


class Lease:
    """`with Lease(...) as lease:` claims a run; leaving stops renewing, ending the run is the caller's."""

    def __init__(
        self,
        settings: Settings,
        organization_id: str,
        sync_run_id: UUID | None,
        kind: Kind,
        requested_by: str,
    ) -> None:
        self._url = settings.url("loader")
        self._claim: Callable[[psycopg.Connection], Run] = lambda connection: claim(
            connection, organization_id, sync_run_id, kind, requested_by
        )
        self._feeds: dict[str, FeedRow] = {}
        self._unwritten: set[str] = set()
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._lost: SyncError | None = None
        self._missed = 0

    def __enter__(self) -> Self:
        self._connection = psycopg.connect(self._url, autocommit=True)
        try:
            self.run = self._claim(self._connection)
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._connection.close()

    def stop(self) -> None:
        """Stop writing; from then on the caller alone writes what the run came to."""
        self._stopping.set()
        self._thread.join()

    def show(self, row: FeedRow) -> None:
        """Progress to be written at the next tick."""
        with self._guard:
            self._feeds[row.feed] = row
            self._unwritten.add(row.feed)

    def check(self) -> None:
        """Raise when the run is no longer ours."""
        if self._lost is not None:
            raise self._lost

    def _keep(self) -> None:
        ticks = 0
        while not self._stopping.wait(TICK_SECONDS):
            ticks += 1
            try:
                self._write()
                if ticks % RENEW_EVERY == 0 or self._missed:
                    self._renew()
            except psycopg.Error:
                self._reconnect()

    def _write(self) -> None:
        with self._guard:
            rows = [self._feeds[name] for name in self._unwritten]
            self._unwritten.clear()
        if rows:
            write_feeds(self._connection, self.run, rows)

    def _renew(self) -> None:
        if not renew(self._connection, self.run):
            self._lost = SyncError("lease_lost", "another run took over; nothing of this one counts")
            self._stopping.set()
        self._missed = 0

    def _reconnect(self) -> None:
        """The database was away for a moment. Past the lease it is nobody's fault to be taken over."""
        self._missed += 1
        if self._missed * TICK_SECONDS > LEASE_SECONDS:
            self._lost = SyncError("database_away", "the database cannot be reached")
            self._stopping.set()
        self._connection.close()
        try:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        except psycopg.Error:
            return
