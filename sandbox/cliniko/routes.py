"""Cliniko's routes: from method and path to a page or an answer; what is not listed here is an HTML 404."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse, Response

from sandbox.cliniko import made, writes
from sandbox.cliniko.access import require_permission
from sandbox.cliniko.clinic import Clinic
from sandbox.cliniko.filters import Condition
from sandbox.cliniko.lists import read_list, read_single
from sandbox.cliniko.pages import Page
from sandbox.cliniko.refusals import NoRouteError, RefusedError, record_not_found
from sandbox.cliniko.resources import (
    ARCHIVABLE,
    CANCELLABLE,
    LISTS,
    NESTED,
    NO_SINGLE,
    NOT_DELETABLE,
    UNARCHIVABLE,
)

_ID = re.compile(r"[0-9]{1,18}|[1-8][0-9]{18}")
ACTIVE_CASE = Condition("closed_at is null")


@dataclass(frozen=True)
class Call:
    """One request of a clinic's user; `url` is its address as links show it."""

    clinic: Clinic
    method: str
    parts: tuple[str, ...]
    url: str
    query: str
    body: bytes


def answer(call: Call) -> Page | Response:
    if call.method == "GET":
        return _read(call)
    return _write(call)


def _read(call: Call) -> Page | Response:
    if call.parts in _ACCOUNT:
        return _ACCOUNT[call.parts](call)
    match call.parts:
        case ("practitioners", "inactive"):
            return _list(call, "practitioners", [Condition("active = false")])
        case ("patient_cases", "active"):
            return _list(call, "patient_cases", [ACTIVE_CASE])
        case (name,) if name in LISTS:
            return _list(call, name, _always(call.clinic, name, call.query))
        case (name, record_id) if name in LISTS and name not in NO_SINGLE and _ID.fullmatch(record_id):
            require_permission(call.clinic, name)
            return _json(read_single(call.clinic, name, int(record_id), call.query))
        case (parent, record_id, *rest) if rest and _ID.fullmatch(record_id):
            return _nested(call, parent, int(record_id), rest)
    raise NoRouteError


def _user(call: Call) -> Response:
    return _json(read_single(call.clinic, "users", call.clinic.own_user_id(), ""))


def _settings(call: Call) -> Response:
    require_permission(call.clinic, "settings")
    return JSONResponse(call.clinic.settings)


def _public_settings(call: Call) -> Response:
    return JSONResponse(made.public(call.clinic.settings))


_ACCOUNT: dict[tuple[str, ...], Callable[[Call], Response]] = {
    ("user",): _user,
    ("settings",): _settings,
    ("settings", "public"): _public_settings,
}


def _list(call: Call, name: str, only: list[Condition]) -> Page:
    require_permission(call.clinic, name)
    return read_list(call.clinic, name, call.url, call.query, only)


def _always(clinic: Clinic, name: str, query: str) -> list[Condition]:
    """The plain list of practitioners has the active ones only."""
    asks = any(value.startswith("active:") for _, value in parse_qsl(query))
    if name != "practitioners" or (asks and clinic.profile.choices.active_filter_lifts):
        return []
    return [Condition("active is not false")]


def _nested(call: Call, parent: str, record_id: int, rest: list[str]) -> Page:
    key = (parent, rest[0])
    inactive = rest[1:] == ["inactive"] and rest[0] == "practitioners"
    if key not in NESTED or (len(rest) > 1 and not inactive):
        raise NoRouteError
    if parent in LISTS and call.clinic.store.get(parent, record_id) is None:
        raise record_not_found()
    field = NESTED[key]
    only = [Condition(f"{field} = ?", values=[record_id])] if field else []
    active = [Condition("active = false")] if inactive else _always(call.clinic, rest[0], call.query)
    return _list(call, rest[0], [*only, *active])


def _write(call: Call) -> Response:
    clinic = call.clinic
    match call.method, call.parts:
        case "PATCH", (name, record_id) if name in writes.EDITABLE and _ID.fullmatch(record_id):
            require_permission(clinic, name)
            return _json(json.dumps(writes.edit(clinic, name, int(record_id), _object(call.body))).encode())
        case "PATCH", (name, record_id, "cancel") if name in CANCELLABLE and _ID.fullmatch(record_id):
            require_permission(clinic, name)
            writes.cancel(clinic, name, int(record_id), _object(call.body))
        case "POST", (name, record_id, "archive") if name in ARCHIVABLE and _ID.fullmatch(record_id):
            require_permission(clinic, name)
            writes.archive(clinic, name, int(record_id))
        case "POST", (name, record_id, "unarchive") if name in UNARCHIVABLE and _ID.fullmatch(record_id):
            require_permission(clinic, name)
            writes.archive(clinic, name, int(record_id), undo=True)
        case "DELETE", (name, record_id) if name in ARCHIVABLE - NOT_DELETABLE and _ID.fullmatch(record_id):
            require_permission(clinic, name)
            writes.archive(clinic, name, int(record_id))
        case _:
            raise NoRouteError
    return Response(status_code=204)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        raise RefusedError(400, "The body is not JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "The body is not a JSON object")
    return found


def _json(text: bytes) -> Response:
    return Response(text, media_type="application/json")
