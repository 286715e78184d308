"""The control plane under /_sandbox: what tests and the demo do to a clinic. No product ever calls it."""

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from sandbox.cliniko.clinic import Clinic, now
from sandbox.cliniko.faults import read_fault
from sandbox.cliniko.limits import RequestCounts
from sandbox.cliniko.refusals import NoRouteError, RefusedError, record_not_found
from sandbox.cliniko.resources import STORED
from sandbox.cliniko.store import Record, checked_id
from sandbox.cliniko.writes import instant
from sandbox.errors import SandboxError


def answer(clinics: list[Clinic], method: str, parts: tuple[str, ...], body: bytes) -> Response:
    """`parts` is the path below /_sandbox."""
    if (method, parts) == ("GET", ("clinics",)):
        return JSONResponse({"clinics": [clinic.name for clinic in clinics]})
    if len(parts) < 3 or parts[0] != "clinics":
        raise NoRouteError
    clinic = next((clinic for clinic in clinics if clinic.name == parts[1]), None)
    if clinic is None:
        raise RefusedError(404, f"no clinic {parts[1]!r} here")
    return _clinic(clinic, method, parts[2:], body)


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
