"""Every kept field of every feed, given every kind of JSON value: refused, blanked or taken.

What is expected follows from the metric catalogue, section 11, written down here once more: the fields that
decide, and which values fit a field of which kind.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.cliniko.feeds import BY_NAME, FEEDS, Column, Feed
from ingestion.cliniko.rows import Rejected, Row, compile_validator

STAMPED = {feed.name for feed in FEEDS} - {"settings"}
STARTING = {"individual_appointments", "group_appointments"}
WHOSE = {
    "individual_appointments": {"patient_id"},
    "attendees": {"patient_id", "booking_id"},
    "invoices": {"patient_id"},
    "treatment_notes": {"patient_id"},
    "communications": {"patient_id"},
    "patient_cases": {"patient_id"},
}
STATE = {"archived_at", "deleted_at", "cancelled_at", "merged_at", "merged_with_patient_id", "did_not_arrive"}


def deep(levels: int) -> Any:
    nested: Any = []
    for _ in range(levels):
        nested = [nested]
    return nested


EMPTY: dict[str, Any] = {"null": None, "no text": ""}
VALUES: dict[str, Any] = {
    "true": True,
    "false": False,
    "nought": 0,
    "whole": 42,
    "negative": -42,
    "id of 2026": 1204417733920551001,
    "beyond 64 bits": 10**25,
    "fraction": 42.5,
    "whole float": 42.0,
    "word": "odd",
    "digits": "42",
    "decimals": "42.123456",
    "comma": "42,50",
    "truth as text": "true",
    "instant": "2026-03-01T01:00:00Z",
    "instant without zone": "2026-03-01T01:00:00",
    "instant of 2999": "2999-03-01T01:00:00Z",
    "date": "2026-03-01",
    "no such date": "2026-02-30",
    "too long": "x" * 20_000,
    "digits too long": "4" * 20_000,
    "NUL": "a\x00b",
    "half a surrogate": "a\ud800b",
    "list": [],
    "list of texts": ["42"],
    "list of objects": [{"number": "0491 570 006", "phone_type": "Mobile"}],
    "list with NUL": ["a\x00b"],
    "object": {},
    "nested too deeply": deep(40),
    "link": {"links": {"self": "https://api.au2.cliniko.com/v1/things/42"}},
    "link to null": {"links": {"self": None}},
    "link to nothing": {"links": {"self": "https://api.au2.cliniko.com/v1/things"}},
    "link with odd id": {"links": {"self": "https://api.au2.cliniko.com/v1/things/x"}},
    "links in a list": [{"links": {"self": "https://api.au2.cliniko.com/v1/things/42"}}],
}
_LISTS = {"list", "list of texts", "list of objects", "links in a list"}
_LINKS = {name for name in VALUES if name.startswith("link ")} | {"link"}
FITS = {
    "text": {name for name, value in VALUES.items() if type(value) is str}
    - {"too long", "digits too long", "NUL", "half a surrogate"},
    "id": {"nought", "whole", "id of 2026", "digits"},
    "link": {"nought", "whole", "id of 2026", "link"},
    "instant": {"instant"},
    "date": {"date"},
    "integer": {"nought", "whole", "negative", "id of 2026"},
    "boolean": {"true", "false"},
    "decimal": {"nought", "whole", "negative", "fraction", "whole float", "digits", "decimals"},
    "json": _LISTS | _LINKS | {"object"},
    "phones": {"list", "list of objects", "links in a list"},
}
GOOD = {
    "text": "Invented",
    "id": "7",
    "link": VALUES["link"],
    "instant": VALUES["instant"],
    "date": VALUES["date"],
    "integer": 7,
    "boolean": True,
    "decimal": "7.5",
    "json": {"sections": []},
    "phones": VALUES["list of objects"],
}


def must_be_there(feed: Feed, field: str) -> bool:
    is_stamp = field in {"created_at", "updated_at"} and feed.name in STAMPED
    return field == "id" or is_stamp or (field == "starts_at" and feed.name in STARTING)


def decides(feed: Feed, field: str) -> bool:
    return must_be_there(feed, field) or field in STATE | WHOSE.get(feed.name, set())


def expected(feed: Feed, column: Column, value: str) -> str:
    if value in EMPTY or value == "missing":
        return "refused" if must_be_there(feed, column.name) else "null"
    if value in FITS[column.kind]:
        return "taken"
    return "refused" if decides(feed, column.name) else "blanked"


def found(feed: Feed, record: dict[str, Any], field: str) -> str:
    verdict = compile_validator(feed, "AU")(record)
    names = [column.name for column in feed.columns]
    if isinstance(verdict, Rejected):
        assert (verdict.field, verdict.record_id) == (field, None if field == "id" else "7")
        return "refused"
    cells = dict(zip(names, verdict.cells, strict=True))
    cell = cells.pop(field)
    assert None not in cells.values(), "another field was lost"
    assert {one.field for one in verdict.blanked} <= {field}
    if verdict.blanked:
        assert cell is None
        return "blanked"
    return "null" if cell is None else "taken"


def walked(feed: Feed) -> Iterator[tuple[str, str, str, str]]:
    """Every field with every value: which, what, what is expected and what was found."""
    whole = {column.source_name: GOOD[column.kind] for column in feed.columns}
    for column in feed.columns:
        without = {name: value for name, value in whole.items() if name != column.source_name}
        records = {"missing": without}
        for name, value in {**EMPTY, **VALUES}.items():
            records[name] = {**without, column.source_name: value}
        for name, record in records.items():
            yield column.name, name, expected(feed, column, name), found(feed, record, column.name)


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_each_field_with_each_value(feed: Feed) -> None:
    wrong = [one for one in walked(feed) if one[2] != one[3]]
    assert not wrong, "\n".join(map(str, wrong[:10]))


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_a_record_with_nothing_but_what_decides_goes_on(feed: Feed) -> None:
    """Everything odd at once: each field is blanked for itself."""
    record: dict[str, Any] = {}
    for column in feed.columns:
        record[column.source_name] = GOOD[column.kind] if decides(feed, column.name) else 42.25
    verdict = compile_validator(feed, "AU")(record)
    assert isinstance(verdict, Row)
    odd = {
        column.name
        for column in feed.columns
        if not decides(feed, column.name) and "fraction" not in FITS[column.kind]
    }
    assert {one.field for one in verdict.blanked} == odd


def test_a_record_is_known_by_an_id_that_is_a_number() -> None:
    verdict = compile_validator(BY_NAME["attendees"], "AU")(
        {
            "id": 17,
            "created_at": VALUES["instant"],
            "updated_at": VALUES["instant"],
            "patient": 18,
            "booking": {"links": {"self": "https://api.au1.cliniko.com/v1/bookings/19"}},
        }
    )
    assert isinstance(verdict, Row)
    names = [column.name for column in BY_NAME["attendees"].columns]
    cells = dict(zip(names, verdict.cells, strict=True))
    assert (cells["id"], cells["patient_id"], cells["booking_id"]) == ("17", "18", "19")
