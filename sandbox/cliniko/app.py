"""The HTTP face: who asks, how often, what goes wrong, and the answer with the server's Date.

A request is answered in one step of the event loop: no change can come in the middle of a page.
"""

import asyncio
import re
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sandbox.cliniko import control
from sandbox.cliniko.access import blocked, clinic_of
from sandbox.cliniko.choices import Choices
from sandbox.cliniko.clinic import Clinic, Clinics, now
from sandbox.cliniko.faults import BENDS, INSTEAD, Asked, Fault, answer_instead, touched
from sandbox.cliniko.live import Life
from sandbox.cliniko.pages import Page
from sandbox.cliniko.refusals import NoRouteError, RefusedError, too_many, unauthorized
from sandbox.cliniko.routes import Call
from sandbox.cliniko.routes import answer as answer_call

_ANY_HOST = re.compile(rb"https://api\.[a-z]{2}[0-9]{1,2}\.cliniko\.com/v1(?=[/?\"])")
Parts = tuple[str, ...]
_SAFE_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+")
_PAGE = re.compile(r"(?:^|&)page=(\d{1,9})(?:&|$)")


class App:
    """An ASGI application over the clinics it was given."""

    def __init__(self, clinics: Clinics, lives: list[Life] | None = None) -> None:
        self.clinics = clinics
        self.lives = lives or []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        request = Request(scope, receive)
        response = await self._answer(request)
        response.headers.setdefault("Date", formatdate(now(), usegmt=True))
        return await response(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The clinics' stories go on from the server's start to its end."""
        await receive()
        stories = [asyncio.create_task(life.go_on()) for life in self.lives]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for story in stories:
            story.cancel()
        await asyncio.gather(*stories, return_exceptions=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, request: Request) -> Response:
        top, *parts = [part for part in request.url.path.split("/") if part] or [""]
        try:
            if top == "_sandbox":
                return control.answer(self.clinics, request.method, tuple(parts), await request.body())
            return await self._cliniko(request, tuple(parts), known=top == "v1")
        except (RefusedError, NoRouteError) as refusal:
            return refusal.response()

    async def _cliniko(self, request: Request, parts: Parts, *, known: bool) -> Response:
        clinic = clinic_of(request, self.clinics.all)
        if clinic is None:
            return unauthorized(self._choices().unauthorized_body)
        body = await request.body()
        response = await self._limited(clinic, request, parts if known else (), body)
        clinic.requests.add(request.url.path, response.status_code)
        return response

    def _choices(self) -> Choices:
        """Who comes without a key is nobody's user: the first clinic's choices count."""
        return self.clinics.all[0].profile.choices if self.clinics.all else Choices()

    async def _limited(
        self, clinic: Clinic, request: Request, parts: tuple[str, ...], body: bytes
    ) -> Response:
        if refused := blocked(request, clinic):
            return refused
        if (reset := clinic.limit.take(now())) is not None:
            return too_many(reset, now(), clinic.profile.choices.retry_after)
        faults = clinic.faults.take(_asked(request))
        for fault in faults:
            await asyncio.sleep(fault.options.get("seconds", 1.0) if fault.kind == "slow" else 0)
        instead = next((fault for fault in faults if fault.kind in INSTEAD), None)
        if instead:
            return answer_instead(instead, clinic.profile.choices, now())
        query = _heard(request.url.query, faults)
        response = _answer_call(Call(clinic, request.method, parts, _url(request), query, body), faults)
        response.headers["Date"] = formatdate(_clock(faults), usegmt=True)
        return response


def _asked(request: Request) -> Asked:
    page = _PAGE.search(request.url.query)
    filters = (value for name, value in parse_qsl(request.url.query) if name in {"q", "q[]"})
    fields = frozenset(text.partition(":")[0] for text in filters)
    return Asked(request.url.path, int(page.group(1)) if page else 1, fields)


def _clock(faults: list[Fault]) -> float:
    """The `Date` of the answer."""
    wrong_by: float = sum(fault.options.get("seconds", 0) for fault in faults if fault.kind == "clock")
    return now() + wrong_by


def _heard(query: str, faults: list[Fault]) -> str:
    """The part of the query that is listened to."""
    if all(fault.kind != "ignore_filters" for fault in faults):
        return query
    return urlencode([pair for pair in parse_qsl(query) if pair[0] not in {"q", "q[]"}])


def _base(request: Request) -> str:
    """The address by which the client came, so that links lead back the same way."""
    host = request.headers.get("host", "")
    return f"http://{host if _SAFE_HOST.fullmatch(host) else '127.0.0.1'}"


def _url(request: Request) -> str:
    return _base(request) + request.url.path


def _answer_call(call: Call, faults: list[Fault]) -> Response:
    try:
        answer = answer_call(call)
    except (RefusedError, NoRouteError) as refusal:
        return refusal.response()
    body = _bent(call, answer, faults) if isinstance(answer, Page) else bytes(answer.body)
    base = call.url.partition("/v1")[0] + "/v1"
    body = _ANY_HOST.sub(base.encode(), body)
    if any(fault.kind == "truncated" for fault in faults):
        body = body[: len(body) * 2 // 3]
    status = 200 if isinstance(answer, Page) else answer.status_code
    return Response(body, status, media_type="application/json" if body else None)


def _bent(call: Call, page: Page, faults: list[Fault]) -> bytes:
    for fault in faults:
        if bend := BENDS.get(fault.kind):
            bend(page, fault)
        if fault.kind == "move_rows":
            _move_rows(call.clinic, page, fault.options.get("rows", 5))
    return page.body()


def _move_rows(clinic: Clinic, page: Page, count: int) -> None:
    """Edits the first rows of a page just read, so that by updated_at all later rows move up."""
    for row, text in list(zip(page.rows, page.texts, strict=True))[:count]:
        clinic.store.put(clinic.store.records.resource(row), [touched(text, now())])
