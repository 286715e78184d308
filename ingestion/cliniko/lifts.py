"""The filters that make a list show what it hides by default: archived, deleted and cancelled records.

A clinic's list may not know every field that hides rows (a business may have no `deleted_at`). What Cliniko
refuses to filter by is left out for this run, and the reading goes on.
"""

from dataclasses import dataclass, field

from ingestion.cliniko.client import Client, RefusedError


@dataclass
class Lifts:
    """Of one list: the hiding fields that Cliniko filters by, and those it refuses."""

    client: Client
    path: str
    names: tuple[str, ...]
    refused: list[str] = field(default_factory=list)

    def filters(self, only: str = "") -> list[str]:
        """One for each field but the one that `only`, a filter of its own, speaks of: that lifts it too."""
        return [f"{name}:*" for name in self.names if not only.startswith(f"{name}:")]

    def leave_out(self, refusal: RefusedError) -> list[str]:
        """The fields that Cliniko refuses. It may name one or none, so each is tried by itself.

        Raises:
            RefusedError: it is none of them; the request is refused for something else.
        """
        found = [name for name in self.names if self._is_refused(name)]
        if not found:
            raise refusal
        self.refused += found
        self.names = tuple(name for name in self.names if name not in found)
        return found

    def _is_refused(self, name: str) -> bool:
        try:
            self.client.get(self.client.url(self.path, [("q[]", f"{name}:*"), ("per_page", "1")]))
        except RefusedError:
            return True
        return False
