"""Every way an error can arise leads to the one body of `serving.http.errors`."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from serving.http.errors import FAMILY, Malformed, Problem, Unprocessable, response_of

BY_STATUS = {problem.status: problem for problem in FAMILY}


def install_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(HTTPException, answer_http_exception)
    app.add_exception_handler(RequestValidationError, answer_validation_error)


async def answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - what it was registered for
    return response_of(error, request.state.request_id)


async def answer_http_exception(request: Request, error: Exception) -> Response:
    """What Starlette raises itself: 404, 405, 413, malformed bodies."""
    assert isinstance(error, HTTPException)  # noqa: S101
    kind = BY_STATUS.get(error.status_code, Malformed)
    problem = kind()
    problem.headers.update(error.headers or {})
    return response_of(problem, request.state.request_id)


async def answer_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults: Sequence[dict[str, Any]] = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return response_of(Malformed("The body is no valid JSON."), request.state.request_id)
    return response_of(Unprocessable(errors=[describe(fault) for fault in faults]), request.state.request_id)


def describe(fault: dict[str, Any]) -> dict[str, object]:
    """Where, what and what would be allowed; never the value that was sent."""
    place, *names = fault["loc"]
    described: dict[str, object] = {
        "in": place,
        "name": ".".join(str(name) for name in names)[:64],
        "reason": fault["type"],
        "message": fault["msg"],
    }
    if fault["type"] in {"enum", "literal_error"}:
        described["allowed"] = fault["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    limits = {
        name: value for name, value in fault.get("ctx", {}).items() if name in {"ge", "le", "max_length"}
    }
    return described | ({"limits": limits} if limits else {})
