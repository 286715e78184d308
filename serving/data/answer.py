"""What a statement's row comes to: a body that can be kept, whom it names, and how fresh it is."""

import datetime as dt
import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response

CACHE_CONTROL = "private, no-cache"
VARY = "Authorization, Origin"


@dataclass(frozen=True)
class Answer:
    """A body as JSON text without its timestamp, and what its headers say."""

    body: str
    patient_ids: Sequence[str]
    data_as_of: str | None
    as_of: str
    is_stale: bool
    is_frozen: bool = False
    read_at: float = field(default_factory=time.monotonic, compare=False)

    @cached_property
    def _etag(self) -> str:
        return f'W/"{hashlib.blake2b(self.body.encode(), digest_size=16).hexdigest()}"'

    def etag(self) -> str:
        """Weak: the timestamp of an answer moves on though nothing else does."""
        return self._etag

    def timestamp(self) -> str:
        """The instant asked about: while an answer is kept it moves on, unless the clock stands still."""
        if self.is_frozen:
            return self.as_of
        passed = dt.timedelta(seconds=time.monotonic() - self.read_at)
        return (dt.datetime.fromisoformat(self.as_of) + passed).strftime("%Y-%m-%dT%H:%M:%SZ")

    def size(self) -> int:
        """Bytes of memory, near enough."""
        return sys.getsizeof(self.body) + sum(map(sys.getsizeof, self.patient_ids)) + 1000

    def is_known_to(self, request: Request) -> bool:
        """`*` stands for any answer, as RFC 9110 has it."""
        said = ",".join(request.headers.getlist("if-none-match"))
        return not {self.etag(), "*"}.isdisjoint(part.strip() for part in said.split(","))

    def response(self, request: Request, *, timestamp: bool = False) -> Response:
        """The answer, or 304 when the caller has it; `timestamp` adds the instant asked about."""
        headers = {
            "ETag": self.etag(),
            "Cache-Control": CACHE_CONTROL,
            "Vary": VARY,
            "X-Data-Stale": "true" if self.is_stale else "false",
        }
        if self.data_as_of is not None:
            headers["X-Data-As-Of"] = self.data_as_of
        if self.is_known_to(request):
            return Response(status_code=304, headers=headers)
        body = f'{self.body[:-1]}, "timestamp" : "{self.timestamp()}"}}' if timestamp else self.body
        return Response(body, media_type="application/json", headers=headers)
