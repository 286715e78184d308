"""One error family, one body (RFC 9457): every refusal of the API is one of these.

Problem
├── Malformed            400
├── Unauthenticated      401  the same body whatever was wrong
├── Forbidden            403  the same body, too: it tells nothing about what exists elsewhere
├── Unknown              404
├── MethodNotAllowed     405
├── Conflict             409
├── TooLarge             413
├── WrongMediaType       415
├── Unprocessable        422  with `errors`, each with the place, the reason and the allowed values
├── TooManyRequests      429  with Retry-After
├── Broken               500
└── Unavailable          503  with Retry-After
    └── NotLoaded             the organization's data was never loaded
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it is what RFC 9457 calls it
    """A refusal. `detail` is for people and never holds SQL, paths, tokens or patient data."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"
    default_detail: ClassVar[str] = "The request could not be answered. The fault is ours."

    def __init__(
        self,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, object]] | None = None,
    ) -> None:
        super().__init__(self.slug)
        self.detail = detail or self.default_detail
        self.headers = dict(headers or {})
        self.errors = errors


class Broken(Problem):
    pass


class Malformed(Problem):
    status = 400
    slug = "malformed"
    title = "Malformed request"
    default_detail = "The request cannot be read."


class Unauthenticated(Problem):
    status = 401
    slug = "unauthenticated"
    title = "No valid token"
    default_detail = "A valid session token is needed: Authorization: Bearer <token>."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    status = 403
    slug = "forbidden"
    title = "Not yours"
    default_detail = "Your session does not allow this for this organization."


class Unknown(Problem):
    status = 404
    slug = "not-found"
    title = "Not found"
    default_detail = "There is nothing here by this name."


class MethodNotAllowed(Problem):
    status = 405
    slug = "method-not-allowed"
    title = "Method not allowed"
    default_detail = "This path does not take this method; the header Allow lists those it takes."


class Conflict(Problem):
    status = 409
    slug = "conflict"
    title = "Conflict"
    default_detail = "The request conflicts with what is going on."


class TooLarge(Problem):
    status = 413
    slug = "too-large"
    title = "Request too large"
    default_detail = "The request is larger than this path takes."


class WrongMediaType(Problem):
    status = 415
    slug = "unsupported-media-type"
    title = "Unsupported media type"
    default_detail = "This path takes application/json."


class Unprocessable(Problem):
    status = 422
    slug = "invalid-parameters"
    title = "Invalid parameters"
    default_detail = "Some values are not allowed; errors lists them."


class TooManyRequests(Problem):
    status = 429
    slug = "rate-limited"
    title = "Too many requests"
    default_detail = "The organization has used up its requests of this kind for this hour."


class Unavailable(Problem):
    status = 503
    slug = "unavailable"
    title = "Not available at the moment"
    default_detail = "The data cannot be reached at the moment. Ask again shortly."

    def __init__(self, detail: str | None = None, *, retry_after: int = 5) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class NotLoaded(Unavailable):
    slug = "not-loaded"
    title = "Not loaded yet"
    default_detail = (
        "No data has been loaded for this organization yet. Schedule a sync, and ask again when it is done."
    )

    def __init__(self) -> None:
        super().__init__(retry_after=30)


FAMILY: tuple[type[Problem], ...] = (
    *(Malformed, Unauthenticated, Forbidden, Unknown, MethodNotAllowed, Conflict, TooLarge),
    *(WrongMediaType, Unprocessable, TooManyRequests, Broken, Unavailable),
)


def type_of(problem: type[Problem]) -> str:
    return f"urn:routiq:problem:{problem.slug}"


def now() -> str:
    """This instant, RFC 3339 in UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def body_of(problem: Problem, request_id: str) -> dict[str, object]:
    body: dict[str, object] = {
        "type": type_of(type(problem)),
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "timestamp": now(),
        "request_id": request_id,
    }
    if problem.errors is not None:
        body["errors"] = list(problem.errors)
    return body


def response_of(problem: Problem, request_id: str) -> Response:
    return Response(
        json.dumps(body_of(problem, request_id)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**problem.headers, "Cache-Control": "no-store"},
    )
