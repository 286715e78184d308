"""What goes wrong on demand: the faults, which requests they hit, how each kind bends an answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.cliniko import choices
from sandbox.cliniko.pages import Page
from sandbox.cliniko.refusals import too_many, unauthorized

STATUSES = {400, 401, 403, 404, 410, 422, 429, 500, 502, 503, 504}
INSTEAD = {"status", "html", "reset", "wrong_shard", "refuse_filter"}
KINDS = INSTEAD | {
    "slow",
    "truncated",
    "short_page",
    "next_host",
    "loop",
    "move_rows",
    "wrong_shape",
    "empty",
    "clock",
    "ignore_filters",
}
OPTIONS: dict[str, dict[str, type]] = {
    "status": {"status": int, "reset_in": int, "message": str},
    "html": {"status": int},
    "slow": {"seconds": float},
    "short_page": {"rows": int},
    "next_host": {"host": str},
    "move_rows": {"rows": int},
    "refuse_filter": {"field": str},
    "clock": {"seconds": int},
}
MESSAGES = {
    400: "Bad Request",
    403: choices.FORBIDDEN,
    404: choices.RECORD_NOT_FOUND,
    410: "Gone",
    422: "Validation Failed",
}
COMMON = {"path": str, "times": int, "page": int, "after": int}


@dataclass(frozen=True)
class Asked:
    """What a fault can tell requests apart by."""

    path: str
    page: int
    filtered: frozenset[str] = frozenset()
    """The fields its filters speak of."""


@dataclass
class Fault:
    """Hits requests below `path` (all if None) `times` times (None: for ever), sparing the first `after`."""

    kind: str
    path: str | None = None
    times: int | None = None
    page: int | None = None
    after: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def hits(self, asked: "Asked") -> bool:
        wanted = "" if self.path is None else "/v1/" + self.path.strip("/").removeprefix("v1/")
        is_below = asked.path == wanted or asked.path.startswith(wanted + "/")
        if not is_below or self.page not in {None, asked.page}:
            return False
        if self.kind == "refuse_filter" and self.options["field"] not in asked.filtered:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        return True


def read_fault(body: object) -> Fault:
    """The control plane's JSON. A misspelt member is refused: a fault that never hits hides a broken test."""
    if not isinstance(body, dict) or body.get("kind") not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
    values = {name: value for name, value in body.items() if name != "kind" and value is not None}
    own = OPTIONS.get(body["kind"], {})
    for name, value in values.items():
        expected = (COMMON | own).get(name)
        if expected is None:
            raise ValueError(f"unknown member {name}")
        if type(value) is not expected and not (expected is float and type(value) is int):
            raise ValueError(f"{name} must be of type {expected.__name__}")
    if body["kind"] == "status" and values.get("status") not in STATUSES:
        raise ValueError(f"status must be one of {sorted(STATUSES)}")
    if body["kind"] == "refuse_filter" and "field" not in values:
        raise ValueError("refuse_filter needs a field")
    common = {name: value for name, value in values.items() if name in COMMON}
    return Fault(body["kind"], **common, options={name: values[name] for name in own if name in values})


@dataclass
class Faults:
    active: list[Fault] = field(default_factory=list)

    def take(self, asked: Asked) -> list[Fault]:
        """The faults that hit this request; those used up are forgotten."""
        hit = [fault for fault in self.active if fault.hits(asked)]
        for fault in hit:
            if fault.times is not None:
                fault.times -= 1
        self.active = [fault for fault in self.active if fault.times is None or fault.times > 0]
        return hit


class DroppedConnection(Response):
    """No answer at all: the connection is reset."""

    status_code = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the ASGI signature
        # Only the server's own send knows the transport; ASGI has no word for hanging up.
        send.__self__.transport.abort()  # type: ignore[attr-defined]


def answer_instead(fault: Fault, own: choices.Choices, now: float) -> Response:
    """The answer of a fault that comes in the place of Cliniko's."""
    if fault.kind == "wrong_shard":
        return unauthorized(own.unauthorized_body, own.wrong_shard_status)
    if fault.kind == "reset":
        return DroppedConnection()
    if fault.kind == "refuse_filter":
        message = own.unfilterable_message.format(field=fault.options["field"])
        return JSONResponse({"message": message}, 400)
    if fault.kind == "html":
        return HTMLResponse(choices.HTML_BROKEN, fault.options.get("status", 200))
    return _status(fault.options["status"], fault, own, now)


def _status(status: int, fault: Fault, own: choices.Choices, now: float) -> Response:
    if status == 401:
        return unauthorized(own.unauthorized_body)
    if status == 429:
        return too_many(int(now) + fault.options.get("reset_in", 60), now, own.retry_after)
    if status >= 500:
        return HTMLResponse(choices.HTML_BROKEN, status)
    return JSONResponse({"message": fault.options.get("message", MESSAGES[status])}, status)


def _short_page(page: Page, fault: Fault) -> None:
    missing = min(fault.options.get("rows", max(1, len(page.texts) // 2)), len(page.texts))
    page.texts = page.texts[: len(page.texts) - missing]


def _next_host(page: Page, fault: Fault) -> None:
    if following := page.links.get("next"):
        host = fault.options.get("host", "https://api.au9.cliniko.example")
        page.links["next"] = host + "/v1" + following.partition("/v1")[2]


def _loop(page: Page, _: Fault) -> None:
    page.links["next"] = page.links["self"]


def _empty(page: Page, _: Fault) -> None:
    page.texts, page.total, page.links = [], 0, {"self": page.links["self"]}


def _wrong_shape(page: Page, _: Fault) -> None:
    page.key = "data"


BENDS: dict[str, Callable[[Page, Fault], None]] = {
    "short_page": _short_page,
    "next_host": _next_host,
    "loop": _loop,
    "empty": _empty,
    "wrong_shape": _wrong_shape,
}


def touched(record_text: bytes, now: float) -> dict[str, Any]:
    """The record as if somebody had just edited it."""
    record: dict[str, Any] = json.loads(record_text)
    return record | {"updated_at": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
