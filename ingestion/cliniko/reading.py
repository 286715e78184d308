"""One feed of one organization, from Cliniko to checked rows in a csv file.

pages -> validator -> what is new -> csv. Holds the rules of what to ask for: the cursor's overlap, the
hiding fields, quarantined records again, and on a full read what is gone.
"""

import csv
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TextIO

from ingestion.cliniko.client import Client, RefusedError
from ingestion.cliniko.erased import without_erased
from ingestion.cliniko.feeds import Feed
from ingestion.cliniko.lifts import Lifts
from ingestion.cliniko.paging import PER_PAGE, ListReader, Page, stamp
from ingestion.cliniko.rows import Blanked, Cell, Rejected, compile_validator
from ingestion.cliniko.shape import Before, check_refused, lost_fields
from ingestion.cliniko.vanished import COUNTED, size_of_list
from ingestion.errors import SyncError
from ingestion.known import KnownRecords, Tombstone
from ingestion.quarantine import QuarantinedRow
from ingestion.runs import FeedRow

FEW_LOST = 5


@dataclass(frozen=True)
class Task:
    """What to read of a feed."""

    feed: Feed
    cursor: datetime | None
    overlap: timedelta
    is_full: bool
    """Read everything, as on a first load, and look for what is gone."""
    open_ids: Sequence[str] = ()
    """Quarantined records, to be asked for again."""
    before: Before = field(default_factory=Before)
    loss_limit: float = 0.2
    erased: Container[str] = ()
    """Patients of whom nothing that is theirs may land."""

    @property
    def since(self) -> str | None:
        if self.is_full or self.cursor is None or not self.feed.is_incremental:
            return None
        return stamp(self.cursor - self.overlap)


class RowWriter:
    """Writes rows of one load. `_dlt_id` counts up, so that what was read later is the later version."""

    def __init__(self, file: TextIO, organization_id: str, load_id: str, fence: int) -> None:
        # Both line ends make the writer quote every cell that holds either.
        self._csv = csv.writer(file, lineterminator="\r\n")
        self._organization_id = organization_id
        self._load_id = load_id
        self._fence = fence
        self.count = 0

    def header(self, names: Sequence[str]) -> None:
        self._csv.writerow(names)

    def forget(self) -> None:
        """What was written does not count; a file without rows is never loaded."""
        self.count = 0

    def write(self, cells: Sequence[Cell], seen_at: str, purged_at: Cell = None) -> None:
        self.count += 1
        record_id, created_at, updated_at, *kept = cells
        head = (self._organization_id, record_id, seen_at, purged_at, created_at, updated_at)
        self._csv.writerow((*head, *kept, self._load_id, f"{self._fence:08d}.{self.count:010d}"))


@dataclass
class FeedReading:
    """Reads one feed. `progress` is shown through `show` after each page."""

    task: Task
    client: Client
    known: KnownRecords
    writer: RowWriter
    country: str
    show: Callable[[FeedRow], None]
    progress: FeedRow = field(init=False)
    through: datetime | None = field(default=None, init=False)
    rejected: dict[object, QuarantinedRow] = field(default_factory=dict, init=False)
    blanked: dict[str, tuple[QuarantinedRow, ...]] = field(default_factory=dict, init=False)
    lost_fields: Mapping[str, int] = field(default_factory=dict, init=False)
    unaccounted: int | None = field(default=None, init=False)
    """How many entries of the list nobody can account for, where that was found out."""
    _asked: set[str] = field(default_factory=set, init=False)
    _written: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.progress = FeedRow(self.task.feed.name)
        self._lifts = Lifts(self.client, self.task.feed.path, self.task.feed.hiding)
        self._validate = compile_validator(self.task.feed, self.country)
        self._requests = self.client.counters.requests
        self._waits = self.client.counters.rate_limit_waits

    def read(self) -> None:
        """Read all there is to read.

        Raises:
            SyncError: nothing of it may count.
        """
        feed = self.task.feed
        if feed.is_list:
            self._read_list(feed.path, since=self.task.since)
            for path in feed.more_paths:
                self._read_list(path)
            if self.task.since is not None:
                self._poll_hiding_fields(self.task.since)
        else:
            self._read_settings()
        self._judge_shape()  # before records are asked for that are known to be odd
        if self.task.since is not None:
            self._ask_again()
            if feed.name in COUNTED:
                self._look_for_the_vanished()
        elif feed.is_list and not self.known.is_empty:
            self._look_for_the_gone()

    def _judge_shape(self) -> None:
        read = self._check_refused()
        blanked = (row for rows in self.blanked.values() for row in rows)
        self.lost_fields = lost_fields(blanked, read, self.task.before)
        for name, count in sorted(self.lost_fields.items()):
            seen = f"blanked in {count} of {read} records" if count else "no record has shown it since"
            self._note(f"{name} cannot be read any more: {seen}")

    def _check_refused(self) -> int:
        read = len(self._written) + len(self.rejected)
        check_refused(self.task.feed, self.rejected.values(), read, self.task.before)
        return read

    @property
    def settled(self) -> Set[str]:
        """The records of which we know now how they are: read, or asked for by their ids."""
        return self._written.keys() | self._asked

    def _poll_hiding_fields(self, since: str) -> None:
        """Archiving, deleting and cancelling need not move `updated_at`."""
        for polled in self._lifts.names:
            try:
                self._read_list(self.task.feed.path, f"{polled}:>={since}")
            except RefusedError:  # all else of this request was just taken
                self._note(f"Cliniko does not compare {polled} here: some changes wait for the next sweep")

    def _ask_again(self) -> None:
        """Records in quarantine: now whole, still bad, or gone; what is gone needs no healing."""
        ids = sorted(set(self.task.open_ids) - self._written.keys())
        for start in range(0, len(ids), PER_PAGE):
            asked = ids[start : start + PER_PAGE]
            self._read_list(self.task.feed.path, f"id:={','.join(asked)}")
            self._asked.update(asked)

    def _read_settings(self) -> None:
        answer = self.client.get(self.client.url(self.task.feed.path), _settings_fault)
        self.through = answer.given_at
        self._plan(1)
        self._take(Page([answer.payload["account"]], answer.given_at, 1))

    def _read_list(self, path: str, only: str = "", since: str | None = None) -> None:
        """Read a list with all that hides its rows lifted; `only` is a filter besides."""
        while True:
            filters = (*self._lifts.filters(only), *filter(None, [only]))
            reader = ListReader(self.client, path, self.task.feed.name, filters, self._plan)
            try:
                for page in _one_ahead(reader.pages(since)):
                    self._take(without_erased(page, self.task.feed, self.task.erased))
            except RefusedError as refusal:
                for name in self._lifts.leave_out(refusal):
                    self._note(f"Cliniko does not filter by {name} here: nothing is taken for gone")
            else:
                self.through = self.through or reader.through
                return

    def _note(self, text: str) -> None:
        told = self.progress.note
        self.progress.note = f"{told}; {text}" if told else text

    def _plan(self, pages: int) -> None:
        self.progress.pages_total = self.progress.pages_done + pages
        self._show()

    def _take(self, page: Page) -> None:
        seen_at = stamp(page.given_at)
        rows: dict[str, list[Cell]] = {}
        nameless: Counter[int] = Counter()
        for record in page.records:
            row = self._validate(record)
            if isinstance(row, Rejected):
                nameless[told_apart := hash(repr(record))] += row.record_id is None
                self._reject(row, row.record_id or (told_apart, nameless[told_apart]), page)
                continue
            record_id = str(row.cells[0])
            rows[record_id] = row.cells
            self._blank(record_id, row.blanked, page)
        self._keep(rows, seen_at)
        self.progress.pages_done += 1
        self.progress.pages_total = max(self.progress.pages_total, self.progress.pages_done)
        self._show()

    def _keep(self, rows: dict[str, list[Cell]], seen_at: str) -> None:
        """Write what says something new, compared with this run's rows and with what is accepted."""
        unread = {record_id: row for record_id, row in rows.items() if record_id not in self._written}
        news = self.known.news(unread.values()) if unread else {}
        self.progress.rows_read += len(unread)
        self.progress.rows_new += sum(news.values())
        self.progress.rows_changed += len(news) - sum(news.values())
        for record_id, row in rows.items():
            content = hash(tuple(row))
            is_told = self._written.get(record_id, None if record_id in news else content) == content
            self._written[record_id] = content
            if not is_told:
                self.writer.write(row, seen_at)
        for record_id in rows.keys() & self.rejected.keys():
            del self.rejected[record_id]

    def _reject(self, fault: Rejected, key: object, page: Page) -> None:
        """`key` is the record's id, or what else tells it apart, so that reading it twice counts once."""
        self.rejected[key] = QuarantinedRow(
            self.task.feed.name, fault.record_id, fault.field, fault.reason, page.given_at
        )
        self.progress.rows_quarantined = len(self.rejected)

    def _blank(self, record_id: str, blanked: Sequence[Blanked], page: Page) -> None:
        """What the record lacks as it was read last."""
        self.blanked.pop(record_id, None)
        if blanked:
            self.blanked[record_id] = tuple(
                QuarantinedRow(
                    self.task.feed.name, record_id, one.field, one.reason, page.given_at, "blanked"
                )
                for one in blanked
            )
        self.progress.rows_blanked = len(self.blanked)

    def quarantined(self) -> list[QuarantinedRow]:
        """Every record that was refused and every field that was blanked."""
        return [*self.rejected.values(), *(row for rows in self.blanked.values() for row in rows)]

    def _look_for_the_vanished(self) -> None:
        """Where its size is not what it should be, the list is read whole; what is missing is gone."""
        if self._lifts.refused:
            return
        expected = self.known.unaccounted()
        if self._unaccounted_now() == expected:
            return
        if self.through is not None:  # most likely somebody was added while we read
            self._read_list(self.task.feed.path, since=stamp(self.through))
        if self._unaccounted_now() == expected:
            return
        self._read_list(self.task.feed.path)
        self._check_refused()
        held = self.known.held()
        missing = sorted(held.keys() - self._written.keys() - self._refused_ids())
        self._guard_against_loss(len(missing), len(held))
        self._bury(held, missing)
        self.unaccounted = self._unaccounted_now(buried=missing)

    def _unaccounted_now(self, buried: Sequence[str] = ()) -> int:
        told = self._written.keys() | self._refused_ids()
        known = len(told) + self.known.count_besides([*told, *buried])
        return size_of_list(self.client, self.task.feed, self._lifts.filters()) - known

    def _refused_ids(self) -> set[str]:
        return {row.record_id for row in self.rejected.values() if row.record_id is not None}

    def _look_for_the_gone(self) -> None:
        """After a full read: what we hold and Cliniko does not list. Only a sweep acts on it."""
        if self._written and (self._lifts.refused or not self.task.is_full):
            return
        held = self.known.held()
        missing = sorted(held.keys() - self._written.keys() - self.rejected.keys())
        self._guard_against_loss(len(missing), len(held))
        if self.task.is_full:
            self._bury(held, missing)

    def _bury(self, held: Mapping[str, Tombstone], missing: Sequence[str]) -> None:
        """Tombstones for what is missing, once asking for it by its id has found nothing either.

        None where Cliniko refuses to show what the list hides: a tombstone has a person erased, whom Cliniko
        may only have archived.
        """
        for start in range(0, len(missing), PER_PAGE):
            asked = missing[start : start + PER_PAGE]
            self._read_list(self.task.feed.path, f"id:={','.join(asked)}")
        if self._lifts.refused:
            return
        seen_at = stamp(self.through) if self.through else ""
        blanks = [None] * len(self.task.feed.kept)
        for record_id in missing:
            if record_id not in self._written and record_id not in self.rejected:
                grave = held[record_id]
                self.writer.write([record_id, grave.created_at, grave.updated_at, *blanks], seen_at, seen_at)
                self.progress.rows_removed += 1
        self._show()

    def _guard_against_loss(self, missing: int, held: int) -> None:
        if self.task.loss_limit >= 1:
            return
        if held > 1 and missing == held:
            raise SyncError("empty_list", f"{self.task.feed.path}: none of {held} records is listed now")
        if missing > max(FEW_LOST, self.task.loss_limit * held):
            raise SyncError(
                "shrunk_list",
                f"{self.task.feed.path}: {missing} of {held} records are gone at once, more than "
                "ROUTIQ_CLINIKO_LOSS_LIMIT allows",
            )

    def _show(self) -> None:
        self.progress.requests = self.client.counters.requests - self._requests
        self.progress.rate_limit_waits = self.client.counters.rate_limit_waits - self._waits
        self.progress.rows_quarantined = len(self.rejected)
        self.show(self.progress)


def _settings_fault(payload: dict[str, Any]) -> str | None:
    return None if isinstance(payload.get("account"), dict) else "the settings name no account"


def _one_ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """The next page is fetched while this one is worked on."""
    with ThreadPoolExecutor(1, thread_name_prefix="fetch") as pool:
        waiting = pool.submit(next, pages, None)
        while (page := waiting.result()) is not None:
            waiting = pool.submit(next, pages, None)
            yield page
