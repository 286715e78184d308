"""Session tokens: a strict verifier on PyJWT's signature check. No default of any library is trusted.

header -> key by its id -> signature -> claims -> Caller

The signature comes before the claims, so that an answer tells nothing about a token that is not genuine.
Clerk adds header parameters as it likes (`oiat`, `m`): what we do not know is passed over, as RFC 7515 says,
unless `crit` says that it must be understood. `jku`, `jwk`, `x5u` and `x5c` are passed over as well: a key
comes from the issuer's set and from nowhere else.

Two generations of claims exist: version 1 names the organization in `org_id`, version 2 in `o`. A token that
mixes them is refused, as are tokens of other classes signed by the same key (`cat`), pending sessions,
impersonated ones (`act`: the audit could not say who looked) and tokens meant for another service (`aud`).
Some instances stamp one `cat` on tokens of all classes: there, a token that names no session is none of one.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import jwt
from pydantic import ValidationError

from serving.access.caller import Caller
from serving.access.claims import ClaimsV1, ClaimsV2, Role
from serving.access.jwks import SigningKeys
from serving.access.parties import Parties, bare

ALGORITHM = "RS256"
SESSION_CATEGORY = "cl_B7d4PD111AAA"
ANY_CATEGORY = "cl_I7d4PD111III"
ONLY_V1 = {"org_id", "org_role", "org_slug", "org_permissions"}
ONLY_V2 = {"o", "fea", "pla"}
NEVER = {"aud", "act"}
SKEW_SECONDS = 5
LONGEST_LIFE_SECONDS = 3600
LONGEST_TOKEN = 8192
TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")

ROLES: Mapping[str, Role] = {"member": "member", "admin": "admin"}


class TokenRefused(Exception):  # noqa: N818 - says what happened
    """The token is not valid. `reason` is a fixed word for our log; the caller never learns it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Header:
    """What counts of it. `is_of_any_class`: it does not say that the token is one of a session."""

    key_id: str
    is_of_any_class: bool


@dataclass(frozen=True)
class Rules:
    """Whose tokens are taken, and what Clerk's roles mean here (without the prefix `org:`)."""

    issuer: str
    authorized_parties: Parties
    operators: frozenset[str]
    roles: Mapping[str, Role] = field(default_factory=lambda: ROLES)


class Verifier:
    def __init__(self, keys: SigningKeys, rules: Rules, clock: Callable[[], float]) -> None:
        self.keys = keys
        self._rules = rules
        self._clock = clock
        self._jws = jwt.PyJWS(algorithms=[ALGORITHM])

    async def verify(self, token: str) -> Caller:
        """Raises TokenRefused, whatever is wrong."""
        header = read_header(token)
        key = await self.keys.find(header.key_id)
        if key is None:
            refuse("unknown_key")
        try:
            payload = self._jws.decode_complete(token, key, algorithms=[ALGORITHM])["payload"]
        except (jwt.PyJWTError, ValueError, TypeError):
            raise TokenRefused("signature") from None
        return read_caller(header, payload, self._rules, self._clock())


def refuse(reason: str) -> NoReturn:
    raise TokenRefused(reason)


def read_header(token: str) -> Header:
    """Check the form of the token and its header, which says by its id which key should have signed it."""
    if len(token) > LONGEST_TOKEN or not TOKEN.fullmatch(token):
        refuse("form")
    parts = [decode_part(part) for part in token.split(".")]
    header = read_object(parts[0])
    if "crit" in header:
        refuse("critical_header")
    if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT":
        refuse("algorithm")
    category = header.get("cat", SESSION_CATEGORY)
    if category not in (SESSION_CATEGORY, ANY_CATEGORY):
        refuse("category")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 1 <= len(key_id) <= 256:
        refuse("key_id")
    return Header(key_id, is_of_any_class=category == ANY_CATEGORY)


def decode_part(part: str) -> bytes:
    """Base64url without padding, in its only canonical spelling."""
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        refuse("encoding")
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != part:
        refuse("encoding")
    return decoded


def read_object(document: bytes) -> dict[str, object]:
    """A JSON object without doubled names, NaN or Infinity."""
    try:
        content = json.loads(document.decode(), object_pairs_hook=without_doubles, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise TokenRefused("json") from None
    if not isinstance(content, dict):
        refuse("json")
    return content


def without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        refuse("doubled_name")
    return content


def read_caller(header: Header, payload: bytes, rules: Rules, now: float) -> Caller:
    claims = read_claims(read_object(payload))
    check_source(claims, rules)
    check_time(claims, now)
    if header.is_of_any_class and claims.sid is None:
        refuse("no_session")
    organization_id, clerk_role = claims.organization()
    return Caller(
        subject=claims.sub,
        session_id=claims.sid,
        organization_id=organization_id,
        role=rules.roles.get(clerk_role) if clerk_role else None,
        clerk_role=clerk_role,
        is_operator=claims.sub in rules.operators,
    )


def read_claims(content: dict[str, object]) -> ClaimsV1 | ClaimsV2:
    if content.keys() & NEVER:
        refuse("forbidden_claim")
    version: type[ClaimsV1 | ClaimsV2] = ClaimsV2 if "v" in content else ClaimsV1
    if content.keys() & (ONLY_V1 if version is ClaimsV2 else ONLY_V2):
        refuse("mixed_versions")
    try:
        return version.model_validate(content)
    except ValidationError:
        raise TokenRefused("claims") from None


def check_source(claims: ClaimsV1 | ClaimsV2, rules: Rules) -> None:
    if bare(claims.iss) != bare(rules.issuer):
        refuse("issuer")
    if claims.azp not in rules.authorized_parties:
        refuse("party")


def check_time(claims: ClaimsV1 | ClaimsV2, now: float) -> None:
    if now >= claims.exp + SKEW_SECONDS:
        refuse("expired")
    if now < max(claims.nbf, claims.iat) - SKEW_SECONDS:
        refuse("not_yet")
    if not 0 < claims.exp - claims.iat <= LONGEST_LIFE_SECONDS or claims.nbf >= claims.exp:
        refuse("lifetime")
