"""What is around every exchange: its id, the cap on its body, the limit's headers, the log line, the end.

Outermost of all. An error nobody foresaw becomes a 500 in the one body, and is logged by class only.
"""

import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.errors import Broken, Problem, TooLarge, response_of
from serving.http.logs import log

LARGEST_BODY = 64 * 1024
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
EXPOSED_HEADERS = (
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After"),
    *("X-Request-Id", "X-Data-As-Of", "X-Data-Stale", "ETag"),
)


class Envelope:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            return await Exchange(scope, receive, send).run(self._app)
        return await self._start_and_stop(scope, receive, send)

    async def _start_and_stop(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What goes wrong is named by its class here too; whoever raised it has said what may be said."""

        async def send_without_trace(message: Message) -> None:
            await send({**message, "message": ""} if "message" in message else message)

        try:
            await self._app(scope, receive, send_without_trace)
        except Exception as error:
            log.critical("lifespan_failed", error=type(error).__name__)
            raise


class Exchange:
    """One request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._headers = Headers(scope=scope)
        given = self._headers.get("x-request-id", "")
        self.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        self.scope = scope
        self.state: dict[str, Any] = scope.setdefault("state", {})
        self.state["request_id"] = self.request_id
        self._receive = receive
        self._send = send
        self._received = 0
        self._status = 0
        self._began = time.perf_counter()

    async def run(self, app: ASGIApp) -> None:
        try:
            if self._announced_length() > LARGEST_BODY:
                await self._answer(TooLarge())
            else:
                await app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - the last resort: no stack trace may leave or be logged
            log.error("unforeseen_error", error=type(error).__name__, request_id=self.request_id)
            if not self._status:
                await self._answer(Broken())
        finally:
            self._log()

    def _announced_length(self) -> int:
        length = self._headers.get("content-length", "0")
        return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else LARGEST_BODY + 1

    async def receive(self) -> Message:
        """Counts what arrives unannounced. FastAPI lets only this exception through as it is."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > LARGEST_BODY:
            raise HTTPException(413)
        return message

    async def _answer(self, problem: Problem) -> None:
        await response_of(problem, self.request_id)(self.scope, self._receive, self.send)

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
