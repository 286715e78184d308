"""What one record may hold, column kind by column kind."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.cliniko.feeds import BY_NAME, FEEDS, Feed
from ingestion.cliniko.rows import CHECKS, MAX_DEPTH, BadValue, Blanked, Rejected, Row, compile_validator
from tests.ingestion.clinics import appointment, link, patient

PATIENT = compile_validator(BY_NAME["patients"], "AU")


def named(feed: str, record: Any) -> dict[str, Any]:
    row = compile_validator(BY_NAME[feed], "AU")(record)
    assert isinstance(row, Row), row
    return {column.name: cell for column, cell in zip(BY_NAME[feed].columns, row.cells, strict=True)}


def test_a_whole_record_becomes_a_row_of_its_kept_columns() -> None:
    row = named("individual_appointments", appointment(7, 1, cancellation_reason=60))
    assert row["id"] == "7"
    assert row["patient_id"] == "1"
    assert row["practitioner_id"] is None
    assert row["cancellation_reason"] == "60"
    assert row["patient_arrived"] == "t"
    assert row["starts_at"] == "2026-03-01T01:00:00Z"


def test_empty_text_is_null() -> None:
    assert named("patients", patient(1, first_name="", email=""))["first_name"] is None


def test_a_patient_without_name_phone_or_mail_is_taken() -> None:
    row = named("patients", {key: patient(1)[key] for key in ("id", "created_at", "updated_at")})
    assert row["patient_phone_numbers"] is None


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("text", 5, "not text"),
        ("text", True, "not text"),
        ("text", ["x"], "not text"),
        ("text", "x" * 10_001, "a text too long"),
        ("text", "a\x00b", "a NUL character"),
        ("text", "a\ud800b", "half of a surrogate pair"),
        ("id", 12.0, "neither text nor a whole number"),
        ("id", True, "neither text nor a whole number"),
        ("id", -12, "not an id of digits"),
        ("id", "12a", "not an id of digits"),
        ("id", "", "not an id of digits"),
        ("id", "\u0661\u0662", "not an id of digits"),
        ("id", "1" * 21, "not an id of digits"),
        ("link", "1", "not a relation link"),
        ("link", {"links": {}}, "not a relation link"),
        ("link", {"links": {"self": 5}}, "not a relation link"),
        ("link", link("patients", "x"), "a relation link without an id"),
        ("instant", "2999-01-01T00:00:00Z", "a year outside 1900 to 2199"),
        ("instant", "1899-12-31T23:59:59Z", "a year outside 1900 to 2199"),
        ("instant", "2026-01-01T00:00:00", "not an instant with a zone"),
        ("instant", "2026-01-01", "not an instant with a zone"),
        ("instant", "2026-W05-3T01:12:44Z", "not an instant with a zone"),
        ("instant", "2026-02-30T00:00:00Z", "no such instant"),
        ("instant", "2026-01-01T24:61:00Z", "no such instant"),
        ("instant", 1767225600, "not text"),
        ("date", "2026-02-30", "no such date"),
        ("date", "2999-01-01", "a year outside 1900 to 2199"),
        ("date", "2026-01-01T00:00:00Z", "not a date"),
        ("integer", "5", "not a whole number"),
        ("integer", True, "not a whole number"),
        ("integer", 5.0, "not a whole number"),
        ("integer", 2**63, "a number too large"),
        ("boolean", "true", "neither true nor false"),
        ("boolean", 1, "neither true nor false"),
        ("decimal", "12,50", "not a decimal"),
        ("decimal", "1e3", "not a decimal"),
        ("decimal", "NaN", "not a decimal"),
        ("decimal", True, "not a decimal"),
        ("decimal", "1." + "2" * 101, "not a decimal"),
        ("decimal", Decimal("1E+99999999"), "not a decimal"),
        ("decimal", Decimal("NaN"), "not a decimal"),
        ("decimal", 1e300, "not a decimal"),
        ("json", "text", "neither list nor object"),
        ("json", {"a": ["b\x00"]}, "a NUL character"),
        ("json", {"a\ud800": 1}, "half of a surrogate pair"),
    ],
)
def test_what_cannot_be_taken_says_why(kind: str, value: Any, reason: str) -> None:
    with pytest.raises(BadValue) as refusal:
        CHECKS[kind](value)
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("kind", "value", "cell"),
    [
        ("instant", "2026-01-01T10:00:00+10:00", "2026-01-01T10:00:00+10:00"),
        ("instant", "1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
        ("date", "2199-12-31", "2199-12-31"),
        ("decimal", "121.0", "121.0"),
        ("decimal", 121.1, "121.1"),
        ("decimal", "-0.5000000", "-0.5000000"),
        ("decimal", 7, "7"),
        ("decimal", "1.234567", "1.234567"),
        ("decimal", Decimal("0.10000000000000000001"), "0.10000000000000000001"),
        ("decimal", 1e15, "1000000000000000.0"),
        ("decimal", Decimal("1.5E3"), "1500"),
        ("id", 2**63, str(2**63)),
        ("integer", -(2**63), str(-(2**63))),
        ("boolean", False, "f"),
        ("text", "Zoë 李", "Zoë 李"),
        ("link", {"links": {"self": "https://x/v1/patients/9?q[]=archived_at:*"}}, "9"),
        ("link", 9, "9"),
        ("json", {"sections": []}, '{"sections":[]}'),
        ("json", ["x" * 10_001], '["' + "x" * 10_001 + '"]'),
        ("json", [Decimal("0.10000000000000000001")], "[0.10000000000000000001]"),
    ],
)
def test_what_can_be_taken(kind: str, value: Any, cell: str | None) -> None:
    assert CHECKS[kind](value) == cell


def test_nesting_ends_somewhere() -> None:
    deep: Any = []
    for _ in range(MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(BadValue, match="nested too deeply"):
        CHECKS["json"](deep)


def test_a_record_is_refused_for_what_decides_and_named_by_its_id() -> None:
    assert PATIENT(patient(55, archived_at=5)) == Rejected("55", "archived_at", "not text")
    assert PATIENT(patient(1, id=55, archived_at=5)) == Rejected("55", "archived_at", "not text")
    assert PATIENT(patient(1, id=None)) == Rejected(None, "id", "missing")
    assert PATIENT("a record") == Rejected(None, None, "not an object")


def test_what_does_not_decide_is_blanked_and_the_record_goes_on() -> None:
    row = PATIENT(patient(9, email=5, last_name=["x"], archived_at="2026-03-01T00:00:00Z"))
    assert isinstance(row, Row)
    assert row.blanked == (Blanked("last_name", "not text"), Blanked("email", "not text"))
    cells = named("patients", patient(9, email=5, archived_at="2026-03-01T00:00:00Z"))
    assert (cells["email"], cells["archived_at"]) == (None, "2026-03-01T00:00:00Z")


def test_a_record_without_stamps_is_rejected() -> None:
    assert PATIENT(patient(1, updated_at=None)) == Rejected("1", "updated_at", "missing")
    assert PATIENT(patient(1, updated_at="")) == Rejected("1", "updated_at", "missing")


@pytest.mark.parametrize(
    "numbers",
    ["0491570006", [5], [{"number": 491570006, "phone_type": "Mobile"}], [{"number": "1\x00"}]],
)
def test_phones_of_another_shape_are_blanked(numbers: Any) -> None:
    verdict = PATIENT(patient(1, patient_phone_numbers=numbers))
    assert isinstance(verdict, Row)
    assert [one.field for one in verdict.blanked] == ["patient_phone_numbers"]


def test_a_phone_that_is_no_number_is_kept_without_e164() -> None:
    row = named("patients", patient(1, patient_phone_numbers=[{"number": "ask at desk", "phone_type": None}]))
    assert orjson.loads(row["patient_phone_numbers"]) == [
        {
            "number": "ask at desk",
            "normalized_number": None,
            "phone_type": None,
            "phone_e164": None,
            "phone_note": None,
            "is_forbidden": False,
        }
    ]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_in_a_record_breaks_the_validator(feed: Feed, data: st.DataObject) -> None:
    validate = compile_validator(feed, "AU")
    names = [column.source_name for column in feed.columns]
    record = data.draw(st.dictionaries(st.sampled_from(names), JSON_VALUES))
    verdict = validate(record)
    assert isinstance(verdict, Rejected) or len(verdict.cells) == len(feed.columns)
