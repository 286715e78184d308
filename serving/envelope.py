"""What is around every answer: its request id, the limit's headers, the log line, and the last resort.

Outermost of all. An error nobody foresaw becomes a 500 in the one body, and is logged by class only.
"""

import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import Broken, response_of
from serving.logs import log

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
EXPOSED_HEADERS = (
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"),
    *("X-Request-Id", "X-Data-As-Of", "X-Data-Stale", "ETag"),
)


class Envelope:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        return await Exchange(scope, send).run(self._app, receive)


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.scope = scope
        self.state: dict[str, Any] = scope.setdefault("state", {})
        self.state["request_id"] = self.request_id
        self._send = send
        self._status = 0
        self._began = time.perf_counter()

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        try:
            await app(self.scope, receive, self.send)
        except Exception as error:  # noqa: BLE001 - the last resort: no stack trace may leave or be logged
            log.error("unforeseen_error", error=type(error).__name__, request_id=self.request_id)
            if not self._status:
                await response_of(Broken(), self.request_id)(self.scope, receive, self.send)
        finally:
            self._log()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.request_id
            headers["X-Content-Type-Options"] = "nosniff"
            if standing := self.state.get("rate_limit"):
                headers.update(standing.headers())
        await self._send(message)

    def _log(self) -> None:
        route = self.scope.get("route")
        log.info(
            "request",
            request_id=self.request_id,
            method=self.scope["method"] if self.scope["method"].isalpha() else "?",
            route=getattr(route, "path", None),
            status=self._status,
            duration_ms=round((time.perf_counter() - self._began) * 1000, 1),
            organization_id=self.state.get("organization_id"),
            subject=self.state.get("subject"),
        )
