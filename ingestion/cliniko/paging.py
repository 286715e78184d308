"""Reading a list to its end while others edit it.

Cliniko pages by offset over live data: a row that is edited moves to the end, every later row moves up by
one, and one slips unseen over the border of two pages. Hence:

- ascending by `updated_at`, so that what is edited moves to where we have not been yet;
- from the second page on, nothing at or after the first answer's `Date`: the set can only shrink;
- when its size changes, go on from the `updated_at` last seen. Reading twice is harmless;
- what left the set lies at or after that `Date`: read on from there at the end, first pages only, each from
  the last stamp of the one before. So stamps ahead of every clock are read once, not waited for;
- as many requests as the announced size can explain, and no more.
"""

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from ingestion.cliniko.address import is_below
from ingestion.cliniko.client import Answer
from ingestion.errors import SyncError

PER_PAGE = 100
# A quiet list is read with one request for each hundred rows. Rows that move meanwhile, or many with one
# stamp, cost some again; what needs more than this does not end by itself.
REQUESTS_A_PAGE = 3
REQUESTS_TO_SPARE = 60
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class Getter(Protocol):
    """What paging needs of a client."""

    base_url: str

    def url(self, path: str, parameters: Sequence[tuple[str, str]] = ()) -> str: ...

    def get(self, url: str, check: Callable[[dict[str, Any]], str | None]) -> Answer: ...


@dataclass(frozen=True)
class Page:
    """Records as they came, when, and of how many."""

    records: list[Any]
    given_at: datetime
    total: int

    @property
    def last_stamp(self) -> str | None:
        """The last readable `updated_at`, to the second."""
        return next((read for read in map(_stamp_of, reversed(self.records)) if read), None)

    def first_stamp_after(self, border: str) -> str | None:
        return min((read for read in map(_stamp_of, self.records) if read and read > border), default=None)


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stamp_of(record: Any) -> str | None:
    value = record.get("updated_at") if isinstance(record, dict) else None
    if not (isinstance(value, str) and _STAMP.fullmatch(value)):
        return None
    try:
        return stamp(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _second_after(moment: str) -> str:
    return stamp(datetime.fromisoformat(moment) + timedelta(seconds=1))


@dataclass
class ListReader:
    """One pass over one list. Iterate `pages`; afterwards `through` is the instant it was read up to."""

    client: Getter
    path: str
    name: str
    """The key of the list in the answer."""
    filters: tuple[str, ...] = ()
    """Lifts and the like, `field:OPvalue`, in force for every page."""
    on_plan: Callable[[int], None] = lambda _: None
    """Told how many pages are still to come, this one included, whenever that becomes known."""
    through: datetime | None = None
    _restarts: int = field(default=0, init=False)
    _requests: int = field(default=0, init=False)
    _announced: int = field(default=0, init=False)

    def pages(self, since: str | None = None) -> Iterator[Page]:
        """Every record stamped at or after `since` (all without it), each at least once.

        Raises:
            SyncError: the list does not hold together; what was read must not count.
        """
        first = self._get(1, since)
        self.through = first.given_at
        self.on_plan(_page_count(first.total))
        yield first
        if first.total <= PER_PAGE:
            return
        border, leg = stamp(first.given_at), _Leg(since, first.total, is_open=True)
        leg.take(first)
        if (yield from self._pages_before(border, leg)):
            ahead = yield from self._pages_beyond(border, leg.doubt)
            if ahead is not None:
                yield from self._pages_beyond(ahead.now, before=ahead.first)

    def _pages_beyond(
        self, since: str, doubt: "_Doubt | None" = None, before: str | None = None
    ) -> Generator[Page, None, "_Ahead | None"]:
        """What is stamped at or after `since` while it is being written: always the first page from where we
        are, so nothing can slip. Returns where to look again if some was stamped later than now."""
        ahead: _Ahead | None = None
        while True:
            page = self._get(1, since, before)
            self.on_plan(_page_count(page.total))
            yield page
            if doubt is not None:
                again, doubt = None if doubt.is_settled_by(page) else self._restart(doubt.leg), None
                if again is not None and (yield from self._pages_before(since, again)):
                    continue
            if page.total <= PER_PAGE:
                return ahead
            # Past the present, what is edited lands behind us: from this page's `Date` to the first ahead.
            ahead = ahead or _Ahead.seen_on(page)
            last = page.last_stamp or since
            if last <= since:  # more than a page of one second: as good as closed, so by number
                last = _second_after(since)
                yield from self._pages_before(last, _Leg(since))
            since = last

    def _pages_before(self, border: str, leg: "_Leg") -> Generator[Page, None, bool]:
        """The pages of a leg that are left, up to `border`; returns whether rows lie beyond or went there."""
        has_shrunk = leg.seen is not None and leg.seen >= border
        while not (leg.is_done or (leg.seen is not None and leg.seen >= border)):
            page = self._get(leg.number + 1, leg.since, border)
            if leg.total is None:
                leg.total = page.total
                self.on_plan(_page_count(page.total))
            elif leg.is_open and leg.number == 1 and 0 <= page.total < leg.total:
                has_shrunk = True
                leg.doubt_border(border, page.total)
            if page.total == leg.total:
                leg.take(page)
                yield page
            if page.total != leg.total or leg.has_gap:
                has_shrunk = True
                leg = self._restart(leg)
        return has_shrunk

    def _restart(self, leg: "_Leg") -> "_Leg":
        """Go on from the stamp last seen; from the leg's own beginning when its order did not hold."""
        self._restarts += 1
        since = leg.since if leg.has_gap else leg.seen
        if (since is None and not leg.has_gap) or self._restarts > max(20, _page_count(leg.total or 0)):
            raise SyncError("unstable_list", f"{self.path}: the list changes faster than it can be read")
        return _Leg(since)

    def _get(self, number: int, since: str | None, before: str | None = None) -> Page:
        filters = [*self.filters]
        filters += [f"updated_at:>={since}"] if since else []
        filters += [f"updated_at:<{before}"] if before else []
        url = self.client.url(
            self.path,
            [
                *(("q[]", one) for one in filters),
                ("sort", "updated_at:asc,id:asc"),
                ("per_page", str(PER_PAGE)),
                ("page", str(number)),
            ],
        )
        self._count_request()
        try:
            answer = self.client.get(url, lambda payload: self._shape_fault(payload, number))
        except SyncError as error:
            if error.code == "not_found" and number > 1:  # the list has become shorter than that
                return Page([], datetime.now(UTC), total=-1)
            raise
        self._check_next(answer.payload, number)
        self._announced = max(self._announced, answer.payload["total_entries"])
        return Page(answer.payload[self.name], answer.given_at, answer.payload["total_entries"])

    def _count_request(self) -> None:
        if self._requests >= REQUESTS_A_PAGE * _page_count(self._announced) + REQUESTS_TO_SPARE:
            raise SyncError(
                "too_many_requests_needed",
                f"{self.path}: no end after {self._requests} requests, though only {self._announced} entries"
                " were told; the next sync tries again, should it stay so the list is broken at Cliniko",
            )
        self._requests += 1

    def _shape_fault(self, payload: dict[str, Any], number: int) -> str | None:
        records, total = payload.get(self.name), payload.get("total_entries")
        if type(records) is not list or type(total) is not int or total < 0:
            return "the answer is not a page of the list"
        expected = min(PER_PAGE, max(0, total - PER_PAGE * (number - 1)))
        if len(records) != expected:
            return f"a page of {len(records)} entries where {expected} were told"
        return None

    def _check_next(self, payload: dict[str, Any], number: int) -> None:
        """Pages are numbered by us; the link must agree, or the list is not what it says."""
        links = payload.get("links")
        link = links.get("next") if isinstance(links, dict) else None
        if link is None and number * PER_PAGE >= payload["total_entries"]:
            return
        if not isinstance(link, str):
            raise SyncError("wrong_shape", f"{self.path}: a page that is not the last has no next one")
        if not is_below(link, self.client.base_url):
            raise SyncError("foreign_link", f"{self.path}: the next page is on another host; not followed")
        if parse_qs(urlsplit(link).query).get("page") != [str(number + 1)]:
            raise SyncError("looping", f"{self.path}: the next page of page {number} is not the one after it")


@dataclass
class _Leg:
    """A run of pages over a set that stays the same."""

    since: str | None
    total: int | None = None
    is_open: bool = False
    """Its first page was asked for without the border."""
    number: int = 0
    seen: str | None = None
    ids: set[object] = field(default_factory=set)
    doubt: "_Doubt | None" = None

    def doubt_border(self, border: str, total: int) -> None:
        """The set is smaller below `border` than without it: rows beyond, or rows that left after page 1?"""
        seen = _Leg(self.since, seen=self.seen, ids=set(self.ids))
        self.doubt = _Doubt(border, seen, (self.total or 0) - total)
        self.total = total

    def take(self, page: Page) -> None:
        self.number += 1
        self.seen = page.last_stamp or self.seen
        self.ids.update(_id_of(record) for record in page.records)

    @property
    def is_done(self) -> bool:
        return self.total is not None and self.number * PER_PAGE >= self.total

    @property
    def has_gap(self) -> bool:
        """All pages are read, but one record came twice: another was missed."""
        return self.is_done and len(self.ids) != self.total


@dataclass(frozen=True)
class _Ahead:
    """Rows stamped later than the answer that showed them: by a clock that goes wrong, or on purpose."""

    now: str
    first: str

    @classmethod
    def seen_on(cls, page: Page) -> "_Ahead | None":
        now = stamp(page.given_at)
        first = page.first_stamp_after(now)
        return None if first is None else cls(now, first)


@dataclass(frozen=True)
class _Doubt:
    """Rows missing between the first answer and the second. Beyond the border from the start, they did no
    harm; had one been read already and then moved, another slipped over the border of the two pages."""

    border: str
    leg: _Leg
    missing: int

    def is_settled_by(self, beyond: Page) -> bool:
        return beyond.total == self.missing and self.leg.ids.isdisjoint(map(_id_of, beyond.records))


def _id_of(record: Any) -> object:
    """What tells two records apart, for one without a usable id the record itself."""
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, (str, int)) else id(record)


def _page_count(total: int) -> int:
    return max(1, -(-total // PER_PAGE))
