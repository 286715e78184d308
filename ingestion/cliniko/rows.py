"""One record of Cliniko -> one row of the raw table, or the reason why not.

The checks are put together once a feed, not once a row: a first load sees hundreds of thousands. What a
check raises names the field and the kind of fault, never the value.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson

from ingestion.cliniko.feeds import Feed
from ingestion.cliniko.phones import with_e164

Cell = str | None
Check = Callable[[Any], Cell]

MAX_DEPTH = 24
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,16}(?:\.\d+)?", re.ASCII)
_LINK_ID = re.compile(r"/(\d{1,20})(?:\?.*)?", re.ASCII)


class BadValue(ValueError):  # noqa: N818 - it is a verdict on a value, not a fault of ours
    """Why a value cannot be taken."""


@dataclass(frozen=True)
class Rejected:
    """A record that goes to quarantine."""

    record_id: str | None
    field: str | None
    reason: str


def text(value: Any) -> Cell:
    if type(value) is not str:
        raise BadValue("not text")
    if not value.isascii():
        _check_unicode(value)
    if "\x00" in value:
        raise BadValue("a NUL character")
    return value or None


def _check_unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadValue("half of a surrogate pair") from None


def digits(value: Any) -> Cell:
    if type(value) is not str:
        raise BadValue("not text")
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise BadValue("not an id of digits")
    return value


def link(value: Any) -> Cell:
    """`{"links": {"self": ".../patients/123"}}` -> `123`; an empty relation is null or absent."""
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
    if value == "":
        return None
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
    if value == "":
        return None
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
    """Exact: what a float may have rounded, or a column would, is refused."""
    if type(value) is str:
        written = value
        if written == "":
            return None
    elif type(value) in {int, float}:
        written = repr(value)
    else:
        raise BadValue("not a decimal")
    if _DECIMAL.fullmatch(written) is None:
        raise BadValue("not a decimal")
    if type(value) is float and len(written.replace(".", "").lstrip("-0")) > 15:
        raise BadValue("a number with more digits than it can hold exactly")
    if len(written.partition(".")[2].rstrip("0")) > 4:
        raise BadValue("more than four decimals")
    return written


def json(value: Any) -> Cell:
    if not isinstance(value, (dict, list)):
        raise BadValue("neither list nor object")
    _check_nested(value, MAX_DEPTH)
    try:
        return orjson.dumps(value).decode()
    except (TypeError, orjson.JSONEncodeError):
        raise BadValue("a value that JSON cannot hold") from None


def _check_nested(value: Any, depth: int) -> None:
    if depth == 0:
        raise BadValue("nested too deeply")
    if type(value) is str:
        text(value)
    elif type(value) is dict:
        for key, item in value.items():
            text(key)
            _check_nested(item, depth - 1)
    elif type(value) is list:
        for item in value:
            _check_nested(item, depth - 1)


def phones(value: Any, country: str) -> Cell:
    """Each number as typed, its type, and E.164 where it is a valid number; nothing else of it is kept."""
    if type(value) is not list:
        raise BadValue("not a list")
    kept = []
    for entry in value:
        if type(entry) is not dict:
            raise BadValue("not a list of phone numbers")
        number, phone_type = (
            None if entry.get(key) is None else text(entry[key]) for key in ("number", "phone_type")
        )
        kept.append(with_e164(number, phone_type, country))
    return orjson.dumps(kept).decode()


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


def compile_validator(feed: Feed, country: str) -> Callable[[Any], list[Cell] | Rejected]:
    """A function from a record to its cells in the order of `feed.columns`. `country` reads the phones."""
    checks: Sequence[tuple[str, str, Check, bool]] = [
        (
            column.name,
            column.source_name,
            (lambda value: phones(value, country)) if column.kind == "phones" else CHECKS[column.kind],
            column.is_required,
        )
        for column in feed.columns
    ]

    def validate(record: Any) -> list[Cell] | Rejected:
        if type(record) is not dict:
            return Rejected(None, None, "not an object")
        cells: list[Cell] = []
        get = record.get
        for name, source_name, check, is_required in checks:
            value = get(source_name)
            try:
                cell = None if value is None else check(value)
            except BadValue as fault:
                return Rejected(_record_id(record), name, str(fault))
            if cell is None and is_required:
                return Rejected(_record_id(record), name, "missing")
            cells.append(cell)
        return cells

    return validate


def _record_id(record: Mapping[str, Any]) -> str | None:
    """The id to ask for again; a number is taken here, since only its type was wrong."""
    value = record.get("id")
    if type(value) is int and value >= 0:
        value = str(value)
    try:
        return digits(value)
    except BadValue:
        return None
