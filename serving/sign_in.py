"""Whether tokens of the issuer that is set would be taken: what the API itself would find, looked at once.

settings -> addresses -> the issuer's keys, as JSON: a list of {"detail", "remedy"}, without remedy where all
is well. It starts nothing and tells no secret.

`python -m serving.sign_in`
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pydantic import ValidationError

from serving.access.jwks import FixedKey, fetch_from, read_jwks
from serving.settings import ServingSettings, require_private_way, setting_of

ISSUER, PARTIES = "ROUTIQ_CLERK_ISSUER", "ROUTIQ_CLERK_AUTHORIZED_PARTIES"
FRONTEND_API = "the Frontend API URL that Clerk's dashboard shows under API keys"
AWAY = "that this machine may ask it; where it may not, set ROUTIQ_CLERK_JWT_KEY to its public key in PEM"
Finding = dict[str, str]


def examine() -> list[Finding]:
    try:
        settings = ServingSettings.load()
    except ValidationError as error:
        return [*wrong_settings(error)]
    return [*issuer(settings), *parties(settings), *keys(settings)]


def wrong_settings(error: ValidationError) -> Iterator[Finding]:
    for fault in error.errors():
        said = fault["msg"].removeprefix("Value error, ")
        named = "ROUTIQ_" in said
        told = said if named else f"{setting_of(fault)}: {said}"
        yield finding(told, f"set it as .env.example shows{'' if named else f' ({setting_of(fault)})'}")


def issuer(settings: ServingSettings) -> Iterator[Finding]:
    try:
        require_private_way(settings.clerk_issuer, ISSUER)
    except ValueError as error:
        yield finding(
            f"{settings.clerk_issuer}: {error}",
            f"set {ISSUER} to {FRONTEND_API}",
        )


def parties(settings: ServingSettings) -> Iterator[Finding]:
    """A token names its page as browsers do: scheme, host and port, and no more."""
    for party in settings.clerk_authorized_parties:
        parts = urlsplit(party)
        if parts.scheme not in {"http", "https"} or parts.path.strip("/") or not parts.netloc:
            yield finding(f"no page is called {party}", f"write it as https://app.example.com in {PARTIES}")


def keys(settings: ServingSettings) -> Iterator[Finding]:
    wanted = f"tokens of {settings.clerk_issuer} from {', '.join(settings.clerk_authorized_parties)}"
    if settings.clerk_jwt_key:
        try:
            FixedKey(settings.clerk_jwt_key)
        except ValueError:
            yield finding("ROUTIQ_CLERK_JWT_KEY is no RSA public key in PEM", "copy it from Clerk once more")
        else:
            yield finding(f"{wanted} are taken, by the one key that is set")
        return
    url = settings.clerk_jwks_url
    try:
        found = asyncio.run(fetch(url))
    except httpx.HTTPError as error:
        yield finding(
            f"{url} cannot be reached ({type(error).__name__})", f"see that {ISSUER} is right, and {AWAY}"
        )
    except ValueError as error:
        reason = "no JSON" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)
        yield finding(f"{url} answers, but not with keys ({reason})", f"see that {ISSUER} is {FRONTEND_API}")
    else:
        yield finding(f"{wanted} are taken: {len(found)} of its keys can be used")


async def fetch(url: str) -> dict[str, RSAPublicKey]:
    return read_jwks(await fetch_from(url)())


def finding(detail: str, remedy: str = "") -> Finding:
    return {"detail": detail, "remedy": remedy}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(examine()) + "\n")
