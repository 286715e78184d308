"""Phone numbers -> E.164. Here, because SQL cannot parse them; which one is a patient's is dbt's choice.

Cliniko's own reading first, then the number as typed: by the patient's country, then by the account's. Never
a guess: a wrong number tells a stranger who is a patient where.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import phonenumbers
from phonenumbers import CountryCodeSource, PhoneNumberType, geocoder

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_GAP = r"[\s().\-‐-―−{}]*"  # noqa: RUF001 - dashes and minus signs as people paste them
_RUN = r"[+＋(]*\d(?:" + _GAP + r"\d)*"  # noqa: RUF001 - the plus of East Asian keyboards
# A slash stands within one number (030/123) or between two.
_RUNS = [re.compile(_RUN.replace("{}", slash)) for slash in ("/", "")]
_BRACKETS = re.compile(r"[()\[\]{}<>\"]")
_EDGES = " -–—:;,./|*=\u200b\u202a\u202c\u2068\u2069\ufeff"  # noqa: RUF001
_APOSTROPHES = re.compile(r"['’‘ʼ´`′]")  # noqa: RUF001
_FORBIDS = re.compile(
    r"\b(?:(?:do not|dont|never) (?:call|ring|phone|contact)|no (?:phone )?(?:calls?|calling|ringing)"
    r"|d ?n ?c)\b",
    re.ASCII,
)
_SURE = {
    CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN,
    CountryCodeSource.FROM_NUMBER_WITH_IDD,
}


def read_phone(entry: Mapping[str, str | None], countries: tuple[str, ...]) -> dict[str, Any]:
    """One entry of a patient's list as it is kept. `countries` in the order in which a number is tried."""
    number, normalized = entry["number"], entry["normalized_number"]
    e164, note = _read(number or "", normalized or "", countries)
    return {
        "number": number,
        "normalized_number": normalized,
        "phone_type": entry["phone_type"],
        "phone_e164": e164,
        "phone_note": note,
        "is_forbidden": forbids(number or ""),
    }


def forbids(text: str) -> bool:
    """`do not call`, `don't ring`, `no calls`, `DNC`: such a number is not served."""
    words = re.sub(r"[\W\d_]+", " ", _APOSTROPHES.sub("", text.casefold()))
    return _FORBIDS.search(words) is not None


def countries_of(record: Mapping[str, Any], account: str) -> tuple[str, ...]:
    """The patient's country, where it can be read, then the account's."""
    own = _region(record.get("country_code")) or _region_named(record.get("country"))
    return (account,) if own is None or own == account else (own, account)


def _region(code: Any) -> str | None:
    code = code.strip().upper() if isinstance(code, str) else None
    code = "GB" if code == "UK" else code
    return code if code in phonenumbers.SUPPORTED_REGIONS else None


def _region_named(name: Any) -> str | None:
    return _regions().get(name.strip().casefold()) if isinstance(name, str) and name else None


@cache
def _regions() -> Mapping[str, str]:
    """By their English names: of records that have no code."""
    found = {}
    for region in phonenumbers.SUPPORTED_REGIONS:
        if (example := phonenumbers.example_number(region)) is not None:
            found[geocoder.country_name_for_number(example, "en").casefold()] = region
    return found


@lru_cache(maxsize=50_000)
def _read(text: str, normalized: str, countries: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The number and what stands beside it."""
    typed, run = _typed(text, countries)
    if _E164.fullmatch(normalized) and _is_valid(normalized):
        if typed != normalized:
            run = max(_runs(text), key=lambda run: len(run[0]), default=None)
        typed = normalized
    return typed, None if typed is None else _beside(text, run)


def _typed(text: str, countries: tuple[str, ...]) -> tuple[str | None, re.Match[str] | None]:
    for place, country in enumerate(countries):
        for run in _runs(text):
            if (e164 := _dialled(run[0], country, is_first=place == 0)) is not None:
                return e164, run
    return None, None


def _runs(text: str) -> Iterator[re.Match[str]]:
    for pattern in _RUNS:
        yield from pattern.finditer(text)


def _is_valid(e164: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return False


def _dialled(digits: str, country: str, *, is_first: bool) -> str | None:
    """Valid as written. What only a prefix would make valid that nobody wrote is taken in the first country
    alone, and there only if it cannot be a local number without its area code."""
    try:
        parsed = phonenumbers.parse(digits, country, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    source = parsed.country_code_source
    if source == CountryCodeSource.FROM_DEFAULT_COUNTRY:
        is_sure = (is_first and _cannot_be_local(parsed, country)) or _has_trunk_prefix(digits, country)
    else:
        is_sure = is_first or source in _SURE
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if is_sure else None


def _has_trunk_prefix(digits: str, country: str) -> bool:
    """Or needs none there."""
    return phonenumbers.PhoneNumberMatcher(digits, country, leniency=phonenumbers.Leniency.VALID).has_next()


def _cannot_be_local(parsed: phonenumbers.PhoneNumber, country: str) -> bool:
    """Mobiles have no area code, and where all landlines are as long, a local number is shorter."""
    if phonenumbers.number_type(parsed) != PhoneNumberType.FIXED_LINE:
        return True
    known = phonenumbers.PhoneMetadata.metadata_for_region(country)
    landlines = known.fixed_line if known else None
    return landlines is not None and len(landlines.possible_length) == 1


def _beside(text: str, run: re.Match[str] | None) -> str | None:
    """The words around a number, without brackets: `0412 345 678 (mum)` -> `mum`."""
    rest = text if run is None else f"{text[: run.start()]} {text[run.end() :]}"
    note = " ".join(_BRACKETS.sub(" ", rest).split()).strip(_EDGES)
    return note if any(char.isalnum() for char in note) else None
