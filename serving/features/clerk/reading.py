"""What asking Clerk comes to: an organization as a whole, or in one word why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

Row = Mapping[str, object]


@dataclass
class Reading:
    """One organization as Clerk shows it; times are milliseconds since 1970."""

    organization: Row
    users: list[Row] = field(default_factory=list)
    memberships: list[Row] = field(default_factory=list)


class Reader(Protocol):
    """Whoever asks Clerk."""

    async def knows(self, organization_id: str) -> bool: ...

    async def read(self, organization_id: str) -> Reading:
        """Raises ClerkFailure."""
        ...

    async def close(self) -> None: ...


class ClerkFailure(Exception):  # noqa: N818 - the code says what failed
    """`code` goes into `app.clerk_syncs` and into answers; nothing of Clerk's own words does."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
