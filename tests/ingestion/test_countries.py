"""Which country is meant; what is no code is not stored."""

import pytest
from phonenumbers import SUPPORTED_REGIONS

from ingestion.countries import country_given, country_meant
from ingestion.errors import SyncError


@pytest.mark.parametrize(("given", "code"), [("AU", "AU"), (" gb ", "GB"), ("nz", "NZ")])
def test_a_code_is_taken_in_either_case(given: str, code: str) -> None:
    assert country_given(given) == code


def test_every_country_that_has_numbers_is_taken() -> None:
    assert {country_given(code) for code in SUPPORTED_REGIONS} == set(SUPPORTED_REGIONS)


@pytest.mark.parametrize(
    ("given", "right"),
    [("UK", "GB"), ("uk", "GB"), ("AUS", "AU"), ("GBR", "GB"), ("australia", "AU"), ("New Zealand", "NZ")],
)
def test_another_word_is_an_error_that_names_the_code(given: str, right: str) -> None:
    with pytest.raises(SyncError, match=f"is {right}$") as refused:
        country_given(given)
    assert refused.value.code == "unknown_country"
    assert country_meant(given) == right


@pytest.mark.parametrize("given", ["", "A", "XX", "ZZ", "E1", "Atlantis", "ÄÖ", "A" * 300])
def test_what_is_no_country_is_said_so(given: str) -> None:
    with pytest.raises(SyncError, match="such as AU"):
        country_given(given)
    assert country_meant(given) is None
