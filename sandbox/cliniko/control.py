"""The control plane under /_sandbox: what tests and the demo do to a clinic. No product ever calls it."""

import json
from pathlib import Path
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.cliniko.clinic import Clinic, Clinics, now
from sandbox.cliniko.faults import read_fault
from sandbox.cliniko.limits import RequestCounts
from sandbox.cliniko.refusals import NoRouteError, RefusedError, record_not_found
from sandbox.cliniko.resources import STORED
from sandbox.cliniko.store import Record, checked_id
from sandbox.cliniko.writes import instant
from sandbox.errors import SandboxError


def answer(clinics: Clinics, method: str, parts: tuple[str, ...], body: bytes) -> Response:
    """`parts` is the path below /_sandbox."""
    match method, parts:
        case "GET", ("clinics",):
            return JSONResponse({"clinics": [clinic.name for clinic in clinics.all]})
        case "POST", ("clinics",):
            return _open(clinics, _json(body))
        case "DELETE", ("clinics", name):
            clinics.close(_named(clinics, name))
            return Response(status_code=204)
        case _, ("clinics", name, *rest) if rest:
            return _clinic(_named(clinics, name), method, tuple(rest), body)
    raise NoRouteError


def _named(clinics: Clinics, name: str) -> Clinic:
    for clinic in clinics.all:
        if clinic.name == name:
            return clinic
    raise RefusedError(404, f"no clinic {name!r} here")


def _open(clinics: Clinics, body: object) -> Response:
    """One more clinic in a server that runs: for tests, to which a start would be long."""
    if not isinstance(body, dict) or not isinstance(body.get("path"), str):
        raise RefusedError(400, "the body must be an object with the `path` of a clinic")
    try:
        clinics.open(Path(body["path"]))
    except SandboxError as error:
        raise RefusedError(400, str(error)) from None
    return Response(status_code=204)


def _clinic(clinic: Clinic, method: str, parts: tuple[str, ...], body: bytes) -> Response:
    match method, parts:
        case "GET", ("now",):
            return JSONResponse({"now": instant()})
        case "GET", ("requests",):
            return JSONResponse(clinic.requests.report() | {"window": clinic.limit.state(now())})
        case "DELETE", ("requests",):
            clinic.requests = RequestCounts()
        case "POST", ("faults",):
            _add_fault(clinic, body)
        case "DELETE", ("faults",):
            clinic.faults.active.clear()
        case "POST", ("account",):
            _change_account(clinic, _json(body))
        case "POST", ("records",):
            put_records(clinic, _json(body))
        case "DELETE", ("records", name, record_id) if name in STORED and record_id.isdigit():
            if not clinic.store.remove(name, int(record_id)):
                raise record_not_found()
        case _:
            raise NoRouteError
    return Response(status_code=204)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise RefusedError(400, "the body is not JSON") from None


def _add_fault(clinic: Clinic, body: bytes) -> None:
    try:
        clinic.faults.active.append(read_fault(_json(body)))
    except ValueError as error:
        raise RefusedError(400, str(error)) from None


def _change_account(clinic: Clinic, members: object) -> None:
    """What the settings say of the account from now on, member by member."""
    if not isinstance(members, dict):
        raise RefusedError(400, "the body must be an object of members of the account")
    clinic.settings["account"] = {**clinic.settings["account"], **members}


def put_records(clinic: Clinic, batch: object) -> None:
    """Whole records by resource, all or none of them."""
    for name, records in _checked(batch).items():
        clinic.store.put(name, records)


def _checked(batch: object) -> dict[str, list[Record]]:
    if not isinstance(batch, dict):
        raise RefusedError(400, "the body must be an object of lists of records")
    for name, records in batch.items():
        if name not in STORED or not isinstance(records, list):
            raise RefusedError(400, f"{name} is not a resource with a list of records")
        for record in records:
            try:
                checked_id(record, name)
            except SandboxError as error:
                raise RefusedError(400, str(error)) from None
    return batch
