"""One sync of one organization, from claiming its run to accepting its load.

key -> run -> feeds (Cliniko -> csv) -> dlt -> raw_cliniko -> accepted, or failed and as if it had not been.
"""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import psycopg

from ingestion.accepting import Outcome, accept
from ingestion.accounts import confirm_account
from ingestion.cliniko.client import Client
from ingestion.cliniko.feeds import Feed
from ingestion.cliniko.pace import Pace
from ingestion.cliniko.reading import FeedReading, RowWriter, Task
from ingestion.cliniko.shape import Before
from ingestion.errors import SyncError
from ingestion.known import KnownRecords
from ingestion.lease import Lease
from ingestion.ledger import RequestLedger
from ingestion.left_open import read_before, read_cursors, read_open_quarantine
from ingestion.problems import FIELDS_LOST, Problem, Unread, unread_feed
from ingestion.runs import FeedRow, fail
from ingestion.settings import ClinikoSettings
from warehouse.erased import erased_patients
from warehouse.organizations import Credentials, UnknownOrganizationError, api_key_of
from warehouse.sealing import SealError
from warehouse.settings import Settings
from warehouse.sync_runs import Kind, Run, Status

log = logging.getLogger(__name__)

AWAY = frozenset(
    {"forbidden", "not_found", "gone", "refused", "server_error", "timeout", "network", "unreachable"}
    | {"not_json", "too_large", "unexpected_status"}
)
"""Errors by which one list cannot be read. Any other one says that Cliniko, the key or the list is not what
it should be, and of that nothing may count."""
OPTIONAL_SECONDS = 60.0
"""A list that the rest can do without is not waited for longer."""


@dataclass(frozen=True)
class SyncProgress:
    """Where a run is. `pages_total` grows until every feed has told its size."""

    feed: str
    pages_done: int
    pages_total: int
    requests_per_minute: int
    note: str = ""
    """What it waits for, if for anything."""


@dataclass(frozen=True)
class SyncResult:
    """What a run did. A failed one has none: it raises."""

    organization_id: str
    sync_run_id: UUID
    load_id: str
    status: Status
    """incomplete: it counts, and `problems` says what is missing."""
    seconds: float
    requests: int
    rate_limit_waits: int
    feeds: dict[str, dict[str, Any]]
    problems: list[Problem]

    @property
    def rows_written(self) -> int:
        return sum(
            feed["rows_new"] + feed["rows_changed"] + feed["rows_removed"] for feed in self.feeds.values()
        )


def sync_organization(
    settings: Settings,
    organization_id: str,
    *,
    sync_run_id: UUID | None = None,
    kind: Kind = "sync",
    requested_by: str = "routiq sync",
    progress: Callable[[SyncProgress], None] | None = None,
) -> SyncResult:
    """Read what Cliniko changed since the last accepted run, append it, accept it.

    Raises:
        SyncError: it did not read everything; nothing of it counts.
    """
    began = time.monotonic()
    try:
        with Lease(settings, organization_id, sync_run_id, kind, requested_by) as lease:
            return _Sync(settings, lease, progress or (lambda _: None), began).run()
    except psycopg.OperationalError:
        raise SyncError("database_away", "the database cannot be reached; is it running?") from None


@dataclass
class _Sync:
    settings: Settings
    lease: Lease
    tell: Callable[[SyncProgress], None]
    began: float
    readings: dict[str, FeedReading] = field(default_factory=dict)
    rows: dict[str, FeedRow] = field(default_factory=dict)
    shown: SyncProgress = field(default_factory=lambda: SyncProgress("", 0, 0, 0))
    client: Client = field(init=False)

    @property
    def claimed(self) -> Run:
        return self.lease.run

    def run(self) -> SyncResult:
        with psycopg.connect(self.settings.url("loader"), autocommit=True) as connection:
            self.connection = connection
            try:
                outcome = self._extract_and_load()
                self.lease.stop()
                problems = accept(connection, self.claimed, outcome)
            except SyncError as error:
                self.lease.stop()
                fail(connection, self.claimed, error, self.rows.values())
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the run must not stay open
                self.lease.stop()
                failure = SyncError("internal", f"the run broke off ({type(error).__name__})")
                fail(connection, self.claimed, failure, self.rows.values())
                raise failure from None
        return self._result(outcome, problems)

    def _extract_and_load(self) -> Outcome:
        from ingestion.pipeline import load  # noqa: PLC0415 - dlt takes a second to import

        cliniko = ClinikoSettings()
        self.cliniko = cliniko
        self.credentials = self._credentials()
        with ExitStack() as stack:
            ledger = stack.enter_context(psycopg.connect(self.settings.url("loader"), autocommit=True))
            pace = Pace(cliniko.requests_per_minute, RequestLedger(ledger, self.claimed.organization_id))
            self.client = stack.enter_context(
                Client(
                    self.credentials.base_url,
                    self.credentials.api_key,
                    cliniko,
                    pace,
                    self._check,
                    self._show_wait,
                )
            )
            self._check_key()
            self.credentials = confirm_account(
                self.connection, self.client, self.claimed.organization_id, self.credentials
            )
            self.cursors = read_cursors(self.connection, self.claimed.organization_id)
            self.open_ids = read_open_quarantine(self.connection, self.claimed.organization_id)
            self.before = read_before(self.connection, self.claimed.organization_id)
            self.erased = erased_patients(self.settings, self.connection, self.claimed.organization_id)
            load_id = load(self.settings, self.claimed, self._extract)
        return self._outcome(load_id)

    def _credentials(self) -> Credentials:
        organization_id = self.claimed.organization_id
        try:
            return api_key_of(self.settings, organization_id)
        except UnknownOrganizationError:
            raise SyncError("no_key", f"no Cliniko key is stored for {organization_id!r}") from None
        except SealError as error:
            raise SyncError("sealed", str(error)) from None

    def _check_key(self) -> None:
        answer = self.client.get(self.client.url("/user"))
        user, role = (str(answer.payload.get(name))[:40] for name in ("id", "role"))
        log.info("%s: the key is that of user %s, role %s", self.claimed.organization_id, user, role)

    def _extract(self, feed: Feed, writer: RowWriter) -> None:
        task = Task(
            feed,
            self.cursors.get(feed.name),
            timedelta(minutes=self.cliniko.overlap_minutes),
            is_full=self.claimed.kind == "sweep",
            open_ids=self.open_ids.get(feed.name, ()),
            before=self.before.get(feed.name, Before()),
            loss_limit=self.cliniko.loss_limit,
            erased=self.erased,
        )
        known = KnownRecords(self.connection, self.claimed.organization_id, feed)
        reading = FeedReading(task, self.client, known, writer, self.credentials.country, self._show)
        self.client.tries_seconds = OPTIONAL_SECONDS if feed.is_optional else None
        try:
            reading.read()
        except SyncError as error:
            is_away = feed.is_optional and error.code in AWAY
            self._show_unread(reading.progress, error, "unavailable" if is_away else "failed")
            if not is_away:
                raise
            writer.forget()
            return
        self.readings[feed.name] = reading
        reading.progress.status = "succeeded"
        if reading.lost_fields:
            reading.progress.error_code = FIELDS_LOST
            reading.progress.error_detail = ", ".join(sorted(reading.lost_fields))
        self._show(reading.progress)

    def _show_unread(self, row: FeedRow, error: SyncError, status: Literal["failed", "unavailable"]) -> None:
        """What was read of it counts nowhere."""
        row.status = "forbidden" if (status, error.code) == ("unavailable", "forbidden") else status
        row.error_code, row.error_detail = error.code, error.message
        row.rows_new = row.rows_changed = row.rows_removed = row.rows_quarantined = row.rows_blanked = 0
        self._show(row)

    def _check(self) -> None:
        """Before each request and during waits: whether there is any use in going on."""
        self.lease.check()
        if time.monotonic() - self.began > self.cliniko.run_hours * 3600:
            raise SyncError(
                "took_too_long",
                f"not done after {self.cliniko.run_hours:g} h, {self.shown.pages_done} of"
                f" {self.shown.pages_total} pages known of so far were read, the last of {self.shown.feed};"
                " should the clinic be that large, set ROUTIQ_CLINIKO_RUN_HOURS higher",
            )

    def _show(self, row: FeedRow) -> None:
        self.rows[row.feed] = row
        self.lease.show(row)
        self.shown = SyncProgress(
            row.feed,
            sum(one.pages_done for one in self.rows.values()),
            sum(one.pages_total for one in self.rows.values()),
            self.cliniko.requests_per_minute,
        )
        self.tell(self.shown)

    def _show_wait(self, seconds: float, reason: str) -> None:
        self.tell(replace(self.shown, note=f"{reason}: waiting {seconds:.0f} s"))

    def _outcome(self, load_id: str) -> Outcome:
        through = {name: reading.through for name, reading in self.readings.items() if reading.through}
        return Outcome(
            load_id=load_id,
            cursors=through,
            swept=through if self.claimed.kind == "sweep" else {},
            quarantined=[row for reading in self.readings.values() for row in reading.quarantined()],
            settled={name: reading.settled for name, reading in self.readings.items()},
            whole={name for name, reading in self.readings.items() if reading.task.since is None},
            feeds=list(self.rows.values()),
            unread=Unread(
                [unread_feed(row) for name, row in self.rows.items() if name not in self.readings],
                {name: frozenset(reading.lost_fields) for name, reading in self.readings.items()},
            ),
            unaccounted={
                name: reading.unaccounted
                for name, reading in self.readings.items()
                if reading.unaccounted is not None
            },
        )

    def _result(self, outcome: Outcome, problems: list[Problem]) -> SyncResult:
        counters = self.client.counters
        return SyncResult(
            self.claimed.organization_id,
            self.claimed.id,
            outcome.load_id,
            "incomplete" if problems else "succeeded",
            round(time.monotonic() - self.began, 3),
            counters.requests,
            counters.rate_limit_waits,
            {row.feed: {k: v for k, v in vars(row).items() if k != "feed"} for row in outcome.feeds},
            problems,
        )
