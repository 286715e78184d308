"""Phone numbers from the blocks kept for fiction, written the way people write them.

Australia keeps only a handful of mobile numbers for fiction; so most people here call a landline their
mobile, which real patients do too. E.164 is the number that was meant, whatever was typed.

What a number's digits decide takes no luck, so that a clinic stays the same beside it: whether Cliniko gives
its reading with a `+`, what stands beside it, and whether the family is from abroad.
"""

from random import Random

from sandbox.clinics.story import Phone

AU_MOBILES = (
    "491570006",
    "491570156",
    "491570157",
    "491570158",
    "491570159",
    "491570110",
    "491570313",
    "491570737",
)
CODES = {"AU": "61", "GB": "44", "US": "1"}
BESIDE = {11: "{} (mum)", 29: "work: {} ext 4"}
FORBIDDEN = "{} - DO NOT CALL"
ABROAD = 71
NO_NUMBER = ("n/a", "see husband", "unknown", "0000", "-")


def national_number(rng: Random, country: str) -> str:
    """Digits without country code and trunk zero."""
    if country == "GB":
        return f"2079460{rng.randrange(1000):03d}"
    if country == "US":
        return f"{rng.choice((212, 303, 415))}55501{rng.randrange(100):02d}"
    if rng.random() < 0.15:
        return rng.choice(AU_MOBILES)
    return f"{rng.choice('2378')}{rng.choice(('5550', '7010'))}{rng.randrange(10_000):04d}"


def as_typed(rng: Random, country: str, digits: str) -> str:
    if country == "US":
        area, exchange, line = digits[:3], digits[3:6], digits[6:]
        american = (f"({area}) {exchange}-{line}", f"{area}.{exchange}.{line}", f"+1{digits}", digits)
        return rng.choice(american)
    head = 3 if digits.startswith("4") else 2 if country == "GB" else 1
    area, rest = digits[:head], digits[head:]
    middle = len(rest) - 4 if len(rest) > 6 else 3
    spaced = f"{rest[:middle]} {rest[middle:]}"
    code = CODES[country]
    forms = (
        f"0{area} {spaced}",
        f"(0{area}) {spaced}",
        f"0{digits}",
        f"+{code} {area} {spaced}",
        f"+{code}{digits}",
        f"0{area}-{spaced.replace(' ', '-')}",
        f" 0{area} {spaced} ",
    )
    return rng.choice(forms)


def phone(rng: Random, country: str, digits: str, phone_type: str) -> Phone:
    return _written(as_typed(rng, country, digits), CODES[country] + digits, phone_type)


def _written(typed: str, full: str, phone_type: str) -> Phone:
    is_forbidden = int(full) % 389 == 0
    beside = FORBIDDEN if is_forbidden else BESIDE.get(int(full) % 97, "{}")
    normalized = f"+{full}" if int(full) % 3 == 0 else full
    return Phone(beside.format(typed), normalized, phone_type, None if is_forbidden else f"+{full}")


def draw_phones(rng: Random, country: str, family_digits: str) -> list[Phone]:
    """About 1 % have none that could be rung: an empty list, words, or a fax only."""
    drawn = _draw_phones(rng, country, family_digits)
    is_abroad = country != "GB" and int(family_digits) % 97 == ABROAD
    return [_from_abroad(each) for each in drawn] if is_abroad else drawn


def _from_abroad(drawn: Phone) -> Phone:
    """The same line, but in London, and typed as there."""
    if drawn.e164 is None:
        return drawn
    line = f"{int(drawn.e164[-6:]) % 1000:03d}"
    return Phone(f"020 7946 0{line}", f"612079460{line}", drawn.phone_type, f"+442079460{line}")


def country_of(phones: list[Phone], country: str) -> str:
    """The one that a patient's record names."""
    is_abroad = country != "GB" and any((each.e164 or "").startswith("+44") for each in phones)
    return "GB" if is_abroad else country


def _draw_phones(rng: Random, country: str, family_digits: str) -> list[Phone]:
    luck = rng.random()
    if luck < 0.006:
        return []
    if luck < 0.008:
        return [Phone(rng.choice(NO_NUMBER), "", "Mobile", None)]
    if luck < 0.010:
        return [phone(rng, country, family_digits, "Fax")]
    return _usable_phones(rng, country, family_digits)


def _usable_phones(rng: Random, country: str, family_digits: str) -> list[Phone]:
    luck = rng.random()
    mobile = phone(rng, country, family_digits, "Mobile")
    other = phone(rng, country, national_number(rng, country), rng.choice(("Home", "Work", "Other", "Fax")))
    if luck < 0.70:
        return [mobile]
    if luck < 0.85:
        return [other, mobile]
    if luck < 0.95:
        return [phone(rng, country, family_digits, "Home")]
    return [Phone(rng.choice(NO_NUMBER), "", "Mobile", None), phone(rng, country, family_digits, "Work")]
