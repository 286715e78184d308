"""What a statement's row comes to: a body that can be kept, whom it names, and how fresh it is."""

import datetime as dt
import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property


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
    def etag(self) -> str:
        """Weak: the timestamp of an answer moves on though nothing else does."""
        return f'W/"{hashlib.blake2b(self.body.encode(), digest_size=16).hexdigest()}"'

    def timestamp(self) -> str:
        """The instant asked about: while an answer is kept it moves on, unless the clock stands still."""
        if self.is_frozen:
            return self.as_of
        passed = dt.timedelta(seconds=time.monotonic() - self.read_at)
        return (dt.datetime.fromisoformat(self.as_of) + passed).strftime("%Y-%m-%dT%H:%M:%SZ")

    def size(self) -> int:
        """Bytes of memory, near enough."""
        return sys.getsizeof(self.body) + sum(map(sys.getsizeof, self.patient_ids)) + 1000
