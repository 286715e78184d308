"""One record of Cliniko -> one row of the raw table, or the reason why not.

A record is refused for a field that decides (`Feed.decides`); any other field that does not fit is blanked,
and the record goes on: an odd phone must not keep an archived patient on a list.

The checks are put together once a feed, not once a row: a first load sees hundreds of thousands. What a
check raises names the field and the kind of fault, never the value.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from ingestion.cliniko.feeds import Feed
from ingestion.cliniko.phones import countries_of, read_phone

Cell = str | None
Check = Callable[[Any], Cell]

MAX_DEPTH = 24
MAX_TEXT = 10_000
MAX_DECIMALS = 100
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DECIMAL = re.compile(rf"-?\d{{1,16}}(?:\.\d{{1,{MAX_DECIMALS}}})?", re.ASCII)
_LINK_ID = re.compile(r"/(\d{1,20})(?:\?.*)?", re.ASCII)


class BadValue(ValueError):  # noqa: N818 - it is a verdict on a value, not a fault of ours
    """Why a value cannot be taken."""


@dataclass(frozen=True)
class Blanked:
    """A field that did not fit and is null in the row."""

    field: str
    reason: str


@dataclass(frozen=True)
class Row:
    """The cells in the order of `feed.columns`, and what is missing among them."""

    cells: list[Cell]
    blanked: tuple[Blanked, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """A record that goes to quarantine."""

    record_id: str | None
    field: str | None
    reason: str


def text(value: Any) -> Cell:
    if type(value) is not str:
        raise BadValue("not text")
    if len(value) > MAX_TEXT:
        raise BadValue("a text too long")
    _check_characters(value)
    return value


def _check_characters(value: str) -> None:
    if "\x00" in value:
        raise BadValue("a NUL character")
    try:
        value.isascii() or value.encode()
    except UnicodeEncodeError:
        raise BadValue("half of a surrogate pair") from None


def digits(value: Any) -> Cell:
    """Text of digits, or the whole number that ids were before 2020; a float may have lost some."""
    if type(value) is int:
        value = str(value)
    if type(value) is not str:
        raise BadValue("neither text nor a whole number")
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise BadValue("not an id of digits")
    return value


def link(value: Any) -> Cell:
    """`{"links": {"self": ".../patients/123"}}` -> `123`; an empty relation is null or absent."""
    if type(value) is int:
        return digits(value)
    try:
        url = value["links"]["self"]
        found = _LINK_ID.fullmatch(url, url.rindex("/"))
    except (TypeError, KeyError, ValueError, AttributeError):
        raise BadValue("not a relation link") from None
    if found is None:
        raise BadValue("a relation link without an id")
    return found[1]


def instant(value: Any) -> Cell:
    if type(value) is not str:
        raise BadValue("not text")
    if _INSTANT.fullmatch(value) is None:
        raise BadValue("not an instant with a zone")
    try:
        parsed = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue("no such instant") from None
    if not 1900 <= parsed.year <= 2199:
        raise BadValue("a year outside 1900 to 2199")
    return value


def day(value: Any) -> Cell:
    if type(value) is not str:
        raise BadValue("not text")
    if _DATE.fullmatch(value) is None:
        raise BadValue("not a date")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise BadValue("no such date") from None
    if not 1900 <= parsed.year <= 2199:
        raise BadValue("a year outside 1900 to 2199")
    return value


def integer(value: Any) -> Cell:
    if type(value) is not int:
        raise BadValue("not a whole number")
    if not -(2**63) <= value < 2**63:
        raise BadValue("a number too large")
    return str(value)


def boolean(value: Any) -> Cell:
    if value is True:
        return "t"
    if value is False:
        return "f"
    raise BadValue("neither true nor false")


def decimal(value: Any) -> Cell:
    """Every digit as Cliniko wrote it; of numbers that a float would round, the client makes a `Decimal`."""
    if type(value) in {int, float}:
        value = Decimal(repr(value))
    if type(value) is Decimal and value.is_finite() and abs(value.adjusted()) <= MAX_DECIMALS:
        value = f"{value:f}"
    if type(value) is not str or _DECIMAL.fullmatch(value) is None:
        raise BadValue("not a decimal")
    return value


def json(value: Any) -> Cell:
    if not isinstance(value, (dict, list)):
        raise BadValue("neither list nor object")
    _check_nested(value, MAX_DEPTH)
    try:
        return orjson.dumps(value, default=_as_written).decode()
    except (TypeError, orjson.JSONEncodeError):
        raise BadValue("a value that JSON cannot hold") from None


def _as_written(value: Any) -> Any:
    return orjson.Fragment(f"{value:f}") if type(value) is Decimal and decimal(value) else value


def _check_nested(value: Any, depth: int) -> None:
    if depth == 0:
        raise BadValue("nested too deeply")
    if type(value) is str:
        _check_characters(value)
    elif type(value) is dict:
        for key, item in value.items():
            _check_characters(key)
            _check_nested(item, depth - 1)
    elif type(value) is list:
        for item in value:
            _check_nested(item, depth - 1)


def phones(value: Any, countries: tuple[str, ...]) -> Cell:
    """Each number as typed and as read, its type and what stands beside it; nothing else of it is kept."""
    if type(value) is not list:
        raise BadValue("not a list")
    kept = []
    for entry in value:
        if type(entry) is not dict:
            raise BadValue("not a list of phone numbers")
        texts = {key: _maybe_text(entry.get(key)) for key in ("number", "normalized_number", "phone_type")}
        kept.append(read_phone(texts, countries))
    return orjson.dumps(kept).decode()


def _maybe_text(value: Any) -> Cell:
    return None if value is None else text(value)


CHECKS: Mapping[str, Check] = {
    "text": text,
    "id": digits,
    "link": link,
    "instant": instant,
    "date": day,
    "integer": integer,
    "boolean": boolean,
    "decimal": decimal,
    "json": json,
}


def compile_validator(feed: Feed, country: str) -> Callable[[Any], Row | Rejected]:
    """A function from a record to its row. Phones are read by the patient's country, then by `country`."""
    checks: Sequence[tuple[str, str, Check | None, bool, bool]] = [
        (
            column.name,
            column.source_name,
            CHECKS.get(column.kind),
            column.is_required,
            feed.decides(column),
        )
        for column in feed.columns
    ]

    def validate(record: Any) -> Row | Rejected:
        if type(record) is not dict:
            return Rejected(None, None, "not an object")
        cells: list[Cell] = []
        blanked: tuple[Blanked, ...] = ()
        get = record.get
        for name, source_name, check, is_required, decides in checks:
            value = get(source_name)
            try:
                if value is None or value == "":
                    cell = None
                elif check is None:
                    cell = phones(value, countries_of(record, country))
                else:
                    cell = check(value)
            except BadValue as fault:
                if decides:
                    return Rejected(_record_id(record), name, str(fault))
                cell = None
                blanked = (*blanked, Blanked(name, str(fault)))
            if cell is None and is_required:
                return Rejected(_record_id(record), name, "missing")
            cells.append(cell)
        return Row(cells, blanked)

    return validate


def _record_id(record: Mapping[str, Any]) -> str | None:
    """The id to ask for again."""
    try:
        return digits(record.get("id"))
    except BadValue:
        return None
