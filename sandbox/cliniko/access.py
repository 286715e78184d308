"""Who may ask: the User-Agent rule, the key, and what the key's user may not see."""

import base64
import binascii
import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.cliniko import choices
from sandbox.cliniko.clinic import Clinic
from sandbox.cliniko.refusals import RefusedError

_CONTACT = re.compile(r"[^\s()<>]+@[^\s()<>]+\.[^\s()<>]+")


def blocked(request: Request, clinic: Clinic) -> Response | None:
    """The answer for a caller that names no contact."""
    if _CONTACT.search(request.headers.get("user-agent", "")):
        return None
    return PlainTextResponse(choices.BLOCKED, clinic.profile.choices.user_agent_status)


def clinic_of(request: Request, clinics: list[Clinic]) -> Clinic | None:
    """The clinic that the key opens. Its shard is not compared: on loopback there is only one host."""
    key = _key(request.headers.get("authorization", ""))
    return next((clinic for clinic in clinics if key and clinic.profile.opens_with(key)), None)


def _key(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    # Some clients in use send the key without the colon.
    return decoded.partition(":")[0]


def require_permission(clinic: Clinic, name: str) -> None:
    if name in clinic.profile.forbidden:
        raise RefusedError(403, choices.FORBIDDEN)
