"""Who may come to Dagster's web app: an ASGI middleware before all of it, WebSockets included.

host -> where the request comes from -> the operator's login -> kind of body -> the app; headers on the answer

Dagster itself asks none of this, so any page that an operator's browser shows could drive it. Answers say
why, but nothing of the app. What a query may do is looked at in `app.py`, where it is known to be one.
"""

import base64
import binascii
import hmac
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.settings import DAGSTER_USER

CHALLENGE = {"WWW-Authenticate": 'Basic realm="Routiq operator", charset="UTF-8"'}
PROTECTION = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NO_FRAMES = "frame-ancestors 'none'"
SAFE = {"GET", "HEAD", "OPTIONS"}
OURS = {"same-origin", "none"}  # `none`: typed, or from a bookmark
GUESSES = 10
GUESSES_SECONDS = 60


@dataclass(frozen=True)
class Refusal:
    status: int
    why: str
    headers: dict[str, str] | None = None


class Guesses:
    """Counts wrong passwords of everybody together: there is one operator, and addresses can be made up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.wrong: deque[float] = deque(maxlen=GUESSES)

    def seconds_to_wait(self) -> int:
        if len(self.wrong) < GUESSES:
            return 0
        return max(0, math.ceil(self.wrong[0] + GUESSES_SECONDS - self.clock()))

    def note(self) -> None:
        self.wrong.append(self.clock())


class Door:
    """Lets the operator's own requests through. `hosts` are the names, with their port, it is called by."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], password: str) -> None:
        self.app, self.hosts = app, hosts
        self.login = f"{DAGSTER_USER}:{password}".encode()
        self.guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            return await self.app(scope, receive, send)
        if (refusal := self._refusal(scope)) is None:
            return await self.app(scope, receive, _protected(send))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008, "reason": refusal.why})
        answer = PlainTextResponse(f"{refusal.why}\n", refusal.status, refusal.headers)
        return await answer(scope, receive, _protected(send))

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        return (
            self._wrong_host(headers)
            or _wrong_place(scope, headers)
            or self._not_signed_in(headers)
            or _wrong_body(scope, headers)
        )

    def _wrong_host(self, headers: Headers) -> Refusal | None:
        """A name that a stranger's DNS points here would make the stranger's page one of ours."""
        named = headers.getlist("host")
        if len(named) == 1 and named[0].lower() in self.hosts:
            return None
        return Refusal(421, "This is not called by that name; ROUTIQ_DAGSTER_HOSTS lists more names.")

    def _not_signed_in(self, headers: Headers) -> Refusal | None:
        if "authorization" not in headers:
            return Refusal(401, "Sign in as the operator; `routiq up` prints the password.", CHALLENGE)
        if wait := self.guesses.seconds_to_wait():
            return Refusal(429, "Too many wrong passwords; wait a minute.", {"Retry-After": str(wait)})
        if hmac.compare_digest(_login_in(headers), self.login):
            return None
        self.guesses.note()
        return Refusal(401, "Wrong user or password; `routiq up` prints them.", CHALLENGE)


def _wrong_place(scope: Scope, headers: Headers) -> Refusal | None:
    """Refuse what another page's script, form or frame sends. A link may lead to a page, not to the data."""
    foreign = Refusal(403, "Requests from other pages are not taken.")
    host = headers["host"].lower()
    if {origin.lower() for origin in headers.getlist("origin")} - {f"http://{host}", f"https://{host}"}:
        return foreign
    if headers.get("sec-fetch-site", "none") in OURS or _is_link(scope, headers):
        return None
    return foreign


def _is_link(scope: Scope, headers: Headers) -> bool:
    goes_to_page = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return goes_to_page and scope.get("method") == "GET" and not scope["path"].startswith("/graphql")


def _wrong_body(scope: Scope, headers: Headers) -> Refusal | None:
    """Only JSON: no form can send it, and no script of another page without asking first."""
    method = scope.get("method", "GET")
    if method in SAFE:
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method == "POST" and kind == "application/json":
        return None
    return Refusal(415, "Only POST with a body of application/json is taken.")


def _login_in(headers: Headers) -> bytes:
    scheme, _, encoded = headers["authorization"].partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _protected(send: Send) -> Send:
    """Add what keeps other pages from framing or reading an answer; take away what would let them."""

    async def send_protected(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(PROTECTION)
            headers.append("Content-Security-Policy", NO_FRAMES)  # beside the app's own: both hold
        await send(message)

    return send_protected
