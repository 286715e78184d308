"""Gone without a trace: a record that Cliniko erased has no stamp by which an incremental read would find it.

Only the size of its list says so. So each sync asks for it, one request a list, and compares it with what is
known; how many entries a list has that nobody can account for (without a readable id, or erased on request
here) is remembered from the last whole read.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ingestion.cliniko.client import Answer
from ingestion.cliniko.feeds import Feed

# The lists that say whom to call and who has been; in the others what is gone waits for the weekly sweep.
COUNTED = frozenset({"patients", "individual_appointments", "group_appointments", "attendees"})


class Getter(Protocol):
    """What counting needs of a client."""

    def url(self, path: str, parameters: Sequence[tuple[str, str]] = ()) -> str: ...

    def get(self, url: str, check: Callable[[dict[str, Any]], str | None]) -> Answer: ...


def size_of_list(client: Getter, feed: Feed, filters: Sequence[str]) -> int:
    """How many records Cliniko lists, hidden ones too where `filters` lift what hides them.

    Raises:
        SyncError: it does not say.
    """
    parameters = [*(("q[]", one) for one in filters), ("per_page", "1"), ("page", "1")]
    size: int = client.get(client.url(feed.path, parameters), _fault).payload["total_entries"]
    return size


def _fault(payload: dict[str, Any]) -> str | None:
    total = payload.get("total_entries")
    return None if type(total) is int and total >= 0 else "the answer does not say how many there are"
