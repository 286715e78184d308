"""One page of a list: which rows, in which order, with which links."""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np

from sandbox.cliniko.choices import Choices
from sandbox.cliniko.filters import Condition
from sandbox.cliniko.index import Rows
from sandbox.cliniko.refusals import RefusedError
from sandbox.cliniko.resources import Resource
from sandbox.cliniko.store import Store

DEFAULT_PER_PAGE = 50
MAX_PER_PAGE = 100
KNOWN_PARAMETERS = {"page", "per_page", "sort", "order", "q", "q[]"}
_POSITIVE = re.compile(r"0*[1-9]\d{0,9}")


@dataclass(frozen=True)
class PageRequest:
    """What a client asks of a list, read from its query string."""

    page: int
    per_page: int
    sort: str
    order: str
    filters: list[str]
    parameters: list[tuple[str, str]]

    def link(self, url: str, page: int) -> str:
        """The same list at another page, with everything else that was asked."""
        kept = [(name, value) for name, value in self.parameters if name != "page"]
        return f"{url}?{urlencode([('page', str(page)), *kept])}"


def read_page_request(query: str, choices: Choices) -> PageRequest:
    parameters = parse_qsl(query, keep_blank_values=True)
    last = dict(parameters)
    if choices.unknown_parameters == "reject" and (unknown := last.keys() - KNOWN_PARAMETERS):
        raise RefusedError(400, f"Unknown parameter {sorted(unknown)[0]}")
    return PageRequest(
        page=_positive(last, "page", 1),
        per_page=_per_page(last, choices),
        sort=last.get("sort", ""),
        order=last.get("order", ""),
        filters=[value for name, value in parameters if name in {"q", "q[]"}],
        parameters=parameters,
    )


def _positive(parameters: dict[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not _POSITIVE.fullmatch(text):
        raise RefusedError(400, f"{name} must be a positive number")
    return int(text)


def _per_page(parameters: dict[str, str], choices: Choices) -> int:
    asked = _positive(parameters, "per_page", DEFAULT_PER_PAGE)
    if asked > MAX_PER_PAGE and choices.per_page_over_max == "reject":
        raise RefusedError(422, f"per_page must be at most {MAX_PER_PAGE}")
    return min(asked, MAX_PER_PAGE)


def read_sort(request: PageRequest, resource: Resource) -> list[tuple[str, str]]:
    """Field and direction of each part of `sort`; created_at ascending if nothing is asked."""
    default = request.order if request.order in {"asc", "desc"} else "asc"
    parts = [part.partition(":") for part in request.sort.split(",") if part] or [("created_at", "", "")]
    sort = [(name, direction or default) for name, _, direction in parts]
    for name, direction in sort:
        if name not in resource.filterable and not (name == "created_at" and not request.sort):
            raise RefusedError(400, f"{name} is not sortable")
        if direction not in {"asc", "desc"}:
            raise RefusedError(400, f"sort direction of {name} must be asc or desc")
    return sort


@dataclass(frozen=True)
class Query:
    """A list after its filters: which resources it reads, and the SQL that names its rows in order."""

    reads: tuple[str, ...]
    relation: str
    conditions: list[Condition]
    sort: list[tuple[str, str]]

    def sql(self) -> tuple[str, list[Any]]:
        # Postgres puts nulls last going up and first going down.
        order = ", ".join(
            f"{name} {way} nulls {'last' if way == 'asc' else 'first'}" for name, way in self.sort
        )
        is_total = any(name == "id" for name, _ in self.sort)
        tie = "" if is_total else f", dense_rank() over (order by {order}) as tie"
        where = " and ".join(f"({condition.sql})" for condition in self.conditions) or "true"
        last = "" if is_total else ", hash(id)"
        sql = f"select row{tie} from {self.relation} where {where} order by {order}{last}"
        return sql, [value for condition in self.conditions for value in condition.values]


@dataclass
class Ordered:
    """All rows of a query in order; `ties` numbers the groups of rows that the sort leaves equal."""

    versions: tuple[int, ...]
    rows: Rows
    ties: Rows | None

    def page(self, number: int, per_page: int, unstable: bool) -> list[int]:
        first = (number - 1) * per_page
        rows = self.rows[first : first + per_page]
        if unstable and self.ties is not None and len(rows):
            rows = rows.copy()
            for edge in {int(self.ties[first]), int(self.ties[first + len(rows) - 1])}:
                self._shuffle(rows, first, edge, number)
        found: list[int] = rows.tolist()
        return found

    def _shuffle(self, rows: Rows, first: int, tie: int, page: int) -> None:
        """A group of equal rows that goes beyond the page is laid in an order of the page's own."""
        assert self.ties is not None  # noqa: S101 - only called for lists with ties
        start = int(np.searchsorted(self.ties, tie, "left"))
        end = int(np.searchsorted(self.ties, tie, "right"))
        if start >= first and end <= first + len(rows):
            return
        shuffled = np.random.default_rng([page, tie]).permutation(self.rows[start:end])
        low, high = max(start, first), min(end, first + len(rows))
        rows[low - first : high - first] = shuffled[low - start : high - start]


@dataclass
class Orders:
    """Orders already made, the least used ones forgotten; after a change they are made anew when asked."""

    store: Store
    kept: OrderedDict[str, Ordered] = field(default_factory=OrderedDict)
    limit: int = 64

    def of(self, query: Query) -> Ordered:
        sql, values = query.sql()
        key = f"{sql} {values}"
        versions = tuple(self.store.versions[name] for name in query.reads)
        found = self.kept.get(key)
        if found is None or found.versions != versions:
            columns = self.store.index.select(sql, values)
            found = Ordered(versions, columns["row"], columns.get("tie"))
            self.kept[key] = found
        self.kept.move_to_end(key)
        if len(self.kept) > self.limit:
            self.kept.popitem(last=False)
        return found
