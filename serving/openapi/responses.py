"""What each route says of its answers: error body, headers, statuses. `document` completes it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from serving.http.errors import FAMILY, MEDIA_TYPE, Problem, Unprocessable, body_of

HeaderDescriptions = dict[str, dict[str, Any]]


class Fault(BaseModel):
    """One parameter that was refused."""

    model_config = ConfigDict(extra="allow")

    where: str = Field(alias="in", description="`query`, `path`, `header` or `body`")
    name: str = Field(description="The parameter or field")
    reason: str = Field(description="Why it was refused, in one word")
    message: str = Field(description="Why, for people")
    allowed: list[str] | None = Field(default=None, description="The values or names that would be taken")


class ProblemBody(BaseModel):
    """The one body of every refusal (RFC 9457)."""

    type: str = Field(description="Which refusal it is; stable")
    title: str = Field(description="The refusal in a few words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What went wrong, for people")
    timestamp: str = Field(description="When it was refused, RFC 3339")
    request_id: str = Field(description="Also in the header X-Request-Id, and in our log")
    errors: list[Fault] | None = Field(default=None, description="Only with 422")


def header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


LIMIT_HEADERS: HeaderDescriptions = {
    "X-RateLimit-Limit": header("Requests an hour that the organization has in this tier", "integer"),
    "X-RateLimit-Remaining": header("How many of them are left", "integer"),
    "X-RateLimit-Reset": header("When the next one becomes free, UNIX seconds", "integer"),
}
COMMON_HEADERS: HeaderDescriptions = {"X-Request-Id": header("The id of this request, in our log too")}
DATA_HEADERS: HeaderDescriptions = {
    "X-Data-As-Of": header("End of the last successful sync whose data is published, RFC 3339"),
    "X-Data-Stale": header("`true` when that is more than 24 hours ago"),
    "ETag": header("Of everything but `timestamp`; send it back as If-None-Match"),
    "Cache-Control": header("`private, no-cache`"),
}
EXAMPLE_FAULT = {
    "in": "query",
    "name": "risk_level",
    "reason": "literal_error",
    "message": "Input should be 'all', 'critical', 'high', 'medium', 'low' or 'engaged'",
    "allowed": ["all", "critical", "high", "medium", "low", "engaged"],
}
BY_STATUS = {problem.status: problem for problem in FAMILY}


def responses(*statuses: int, data: bool = False, success: int = 200) -> dict[int | str, dict[str, Any]]:
    """The statuses of a guarded route: its success, the usual refusals, and `statuses` of its own."""
    usual = (401, 403, 404, 422, 429, 500, 503)
    described: dict[int | str, dict[str, Any]] = {
        status: refusal(BY_STATUS[status]) for status in sorted({*usual, *statuses})
    }
    described[success] = {"headers": COMMON_HEADERS | LIMIT_HEADERS | (DATA_HEADERS if data else {})}
    if data:
        described[304] = {"description": "You have it already (If-None-Match)", "headers": DATA_HEADERS}
    return described


def refusal(problem: type[Problem]) -> dict[str, Any]:
    errors = [EXAMPLE_FAULT] if problem is Unprocessable else None
    example = body_of(problem(), "0f8fad5bd9cb469fa16570867728950e") | {"timestamp": "2025-06-30T12:00:00Z"}
    example |= {"errors": errors} if errors else {}
    return {
        "description": f"{problem.title}. {problem.default_detail}",
        "headers": COMMON_HEADERS,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}, "example": example}},
    }
