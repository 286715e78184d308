"""What a handler gives back, and what its route makes of it: recorded first, then sent."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from serving.data.answer import Answer
from serving.data.audit import record_view

CACHE_CONTROL = "private, no-cache"
VARY = "Authorization, Origin"


class Reply(Response):
    """An answer on its way out: it has no body before `complete` has recorded who is in it.

    `query` is what was asked, for the audit: of a search only that there was one. Who is named is recorded
    without it too; with it, also that nobody was found. `timestamp` adds the instant asked about to the body.
    """

    def __init__(
        self, answer: Answer, query: Mapping[str, object] | None = None, *, timestamp: bool = False
    ) -> None:
        self.background = None  # all that FastAPI asks of it; it is never sent, so it needs no headers
        self.answer = answer
        self.query = query
        self.timestamp = timestamp

    async def complete(self, request: Request) -> Response:
        """The answer, or 304 when the caller has it.

        Raises:
            Unavailable: it cannot be recorded, so it is not given.
        """
        answer = self.answer
        is_known = is_known_to(request, answer.etag)
        if answer.patient_ids or self.query is not None:
            outcome = "not_modified" if is_known else "shown"
            await record_view(request, answer.patient_ids, self.query or {}, outcome)
        headers = headers_of(answer)
        if is_known:
            return Response(status_code=304, headers=headers)
        body = answer.body
        if self.timestamp:
            body = f'{body[:-1]}, "timestamp" : "{answer.timestamp()}"}}'
        return Response(body, media_type="application/json", headers=headers)


def is_known_to(request: Request, etag: str) -> bool:
    """`*` stands for any answer, as RFC 9110 has it."""
    said = ",".join(request.headers.getlist("if-none-match"))
    return not {etag, "*"}.isdisjoint(part.strip() for part in said.split(","))


def headers_of(answer: Answer) -> dict[str, str]:
    headers = {
        "ETag": answer.etag,
        "Cache-Control": CACHE_CONTROL,
        "Vary": VARY,
        "X-Data-Stale": "true" if answer.is_stale else "false",
    }
    return headers | ({"X-Data-As-Of": answer.data_as_of} if answer.data_as_of is not None else {})
