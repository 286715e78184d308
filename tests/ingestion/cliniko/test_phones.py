"""What is a patient's number: Cliniko's reading, the patient's country, the account's, and never a guess."""

from typing import Any

import orjson
import pytest

from ingestion.cliniko.feeds import BY_NAME
from ingestion.cliniko.phones import countries_of, forbids
from ingestion.cliniko.rows import Row, compile_validator
from tests.ingestion.clinics import patient

PHONES = [column.name for column in BY_NAME["patients"].columns].index("patient_phone_numbers")


def kept(number: Any, normalized: Any = None, *, account: str = "AU", **fields: Any) -> dict[str, Any]:
    """The one number of a patient, as it lands."""
    entry = {"number": number, "normalized_number": normalized, "phone_type": "Mobile"}
    row = compile_validator(BY_NAME["patients"], account)(patient(1, patient_phone_numbers=[entry], **fields))
    assert isinstance(row, Row)
    assert not row.blanked
    [found] = orjson.loads(row.cells[PHONES] or "")
    assert {name: found[name] for name in entry} == entry
    return dict(found)


def read(number: Any, normalized: Any = None, **fields: Any) -> str | None:
    e164: str | None = kept(number, normalized, **fields)["phone_e164"]
    return e164


@pytest.mark.parametrize(
    ("number", "normalized", "e164"),
    [
        ("0491 570 006", "+61491570156", "+61491570156"),
        ("ask at desk", "+61491570156", "+61491570156"),
        (None, "+61491570156", "+61491570156"),
        ("0491 570 006", "61491570156", "+61491570006"),  # without + it may be Cliniko's guess
        ("0491 570 006", "+61 491 570 156", "+61491570006"),
        ("0491 570 006", "+61491", "+61491570006"),
        ("0491 570 006", "+999491570156", "+61491570006"),
        (None, "61491570156", None),
    ],
)
def test_cliniko_s_reading_comes_first_when_it_is_one(
    number: str | None, normalized: str, e164: str | None
) -> None:
    assert read(number, normalized) == e164


@pytest.mark.parametrize(
    ("number", "own", "account", "e164"),
    [
        ("027 555 1234", {"country_code": "NZ"}, "AU", "+64275551234"),
        ("027 555 1234", {"country": "New Zealand"}, "AU", "+64275551234"),
        ("027 555 1234", {"country_code": " nz "}, "AU", "+64275551234"),
        ("020 7946 0123", {"country_code": "GB"}, "AU", "+442079460123"),
        ("020 7946 0123", {"country_code": "UK"}, "AU", "+442079460123"),
        ("020 7946 0123", {"country_code": "Atlantis"}, "AU", None),
        ("0491 570 006", {"country_code": "NZ"}, "AU", "+61491570006"),
        ("0491 570 006", {"country_code": 5, "country": ["x"]}, "AU", "+61491570006"),
        ("+61 491 570 006", {"country_code": "NZ"}, "US", "+61491570006"),
        ("(212) 555-0123", {"country_code": "GB"}, "US", "+12125550123"),
        # what another country's prefix would have to be guessed for
        ("491 570 006", {"country_code": "NZ"}, "AU", None),
        ("61491570006", {"country_code": "NZ"}, "AU", None),
        ("491 570 006", {}, "AU", "+61491570006"),
        ("61491570006", {}, "AU", "+61491570006"),
        # local numbers, even where they look like another town's
        ("5550 0123", {}, "AU", None),
        ("555-0123", {}, "US", None),
        ("7946 0123", {}, "GB", None),
        ("676 1234", {}, "IE", None),
        ("021 676 1234", {}, "IE", "+353216761234"),
        ("0011 44 20 7946 0123", {}, "AU", "+442079460123"),
        ("+44 (0)20 7946 0123", {}, "AU", "+442079460123"),
        ("1300 FLOWERS", {}, "AU", None),
        ("n/a", {}, "AU", None),
        ("0000", {}, "AU", None),
        ("", {}, "AU", None),
    ],
)
def test_a_number_is_read_by_the_patient_s_country_then_by_the_account_s(
    number: str, own: dict[str, Any], account: str, e164: str | None
) -> None:
    assert read(number, account=account, **own) == e164


@pytest.mark.parametrize(
    ("number", "note"),
    [
        ("0491 570 006 (mum)", "mum"),
        ("mum 0491 570 006", "mum"),
        ("0491570006mum", "mum"),
        ("Mum (0491 570 006) after 5pm", "Mum after 5pm"),
        ("0491 570 006 - mum / dad", "mum / dad"),
        ("0491 570 006 ext 12", "ext 12"),
        ("0491 570 006 / 02 5550 0123", "02 5550 0123"),
        ("2 kids: 0491 570 006", "2 kids"),
        ("(0491) 570-006", None),
        ("\u202a0491\u00a0570\u00a0006\u202c", None),
    ],
)
def test_text_beside_the_digits_is_kept(number: str, note: str | None) -> None:
    assert kept(number)["phone_note"] == note
    assert kept(number)["phone_e164"] == "+61491570006"
    assert kept(number, "+61491570006")["phone_note"] == note


@pytest.mark.parametrize(
    "words",
    [
        *("do not call", "DO NOT CALL!", "do  not-call", "don't ring", "Don\u2019t ring", "dont phone"),
        *("no calls", "No phone calls please", "dnc", "D.N.C.", "never call"),
    ],
)
def test_words_that_forbid(words: str) -> None:
    assert forbids(words)
    assert kept(f"0491 570 006 ({words})")["is_forbidden"] is True
    assert kept(words)["phone_e164"] is None


@pytest.mark.parametrize("words", ["mum", "no phone", "call after 5", "Duncan", "no caller id", "text me"])
def test_words_that_do_not_forbid(words: str) -> None:
    assert kept(f"0491 570 006 {words}")["is_forbidden"] is False


def test_what_else_stands_beside_a_number_does_not_land() -> None:
    assert set(kept("1")) == {
        *("number", "normalized_number", "phone_type", "phone_e164", "phone_note", "is_forbidden")
    }


def test_the_account_s_country_is_tried_once() -> None:
    assert countries_of({"country_code": "AU"}, "AU") == ("AU",)
    assert countries_of({"country_code": "NZ", "country": "Canada"}, "AU") == ("NZ", "AU")
