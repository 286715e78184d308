"""Phone numbers -> E.164. Here, because SQL cannot parse them; which one is a patient's is dbt's choice."""

from functools import lru_cache
from typing import Any

import phonenumbers


def with_e164(number: str | None, phone_type: str | None, country: str) -> dict[str, Any]:
    return {
        "number": number,
        "phone_type": phone_type,
        "phone_e164": None if number is None else e164(number, country),
    }


@lru_cache(maxsize=50_000)
def e164(number: str, country: str) -> str | None:
    """None for what is not a valid number as dialled in `country`."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
