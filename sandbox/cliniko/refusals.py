"""Answers that are no data: one exception, which knows how Cliniko would say it."""

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from sandbox.cliniko import choices


class RefusedError(Exception):
    """Ends a request with this status and a JSON message."""

    def __init__(self, status: int, message: str, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"message": message} | ({"errors": errors} if errors else {})

    def response(self) -> Response:
        return JSONResponse(self.body, self.status)


class NoRouteError(Exception):
    """An unknown route or method: HTML, as Cliniko answers it."""

    def response(self) -> Response:
        return HTMLResponse(choices.HTML_NOT_FOUND, 404)


def record_not_found() -> RefusedError:
    return RefusedError(404, choices.RECORD_NOT_FOUND)


def invalid(**errors: str) -> RefusedError:
    return RefusedError(422, "Validation Failed", errors)


def unauthorized(body: str, status: int = 401) -> Response:
    """A bad or missing key; the body is a choice."""
    headers = {"WWW-Authenticate": 'Basic realm="Cliniko"'} if status == 401 else {}
    if body == "json":
        return JSONResponse({"message": choices.DENIED}, status, headers)
    return PlainTextResponse(choices.DENIED, status, headers)


def too_many(reset: int, now: float, retry_after: bool) -> Response:
    headers = {"X-RateLimit-Reset": str(reset)}
    if retry_after:
        headers["Retry-After"] = str(max(1, round(reset - now)))
    return JSONResponse({"message": choices.TOO_MANY_REQUESTS}, 429, headers)
