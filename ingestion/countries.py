"""Countries as phone numbers are read by them: two letters, and which two are meant by other words."""

from babel import Locale
from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

from ingestion.errors import SyncError


def country_given(text: str) -> str:
    """The code that a person gave, in capitals.

    Raises:
        SyncError: `unknown_country`; it names the right code where one is meant.
    """
    code = text.strip().upper()
    if code in SUPPORTED_REGIONS:
        return code
    meant = country_meant(text)
    hint = f"; {Locale('en').territories[meant]} is {meant}" if meant else ", such as AU, GB, NZ or US"
    raise SyncError("unknown_country", f"{text!r} is no country code: two letters of ISO 3166{hint}")


def country_meant(text: str) -> str | None:
    """The code for a code, a former or longer one (`UK`, `AUS`), or an English name."""
    word = text.strip()
    replaced = get_global("territory_aliases").get(word.upper(), [])
    named = [code for code, name in Locale("en").territories.items() if name.casefold() == word.casefold()]
    found = [code for code in (word.upper(), *replaced, *named) if code in SUPPORTED_REGIONS]
    return found[0] if found else None
