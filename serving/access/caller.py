"""Who asks: as a token says, and as a guard has let them in."""

from dataclasses import dataclass

from serving.access.claims import Role


@dataclass(frozen=True)
class Caller:
    """Who asks: established from a verified token, never from anything else of the request."""

    subject: str
    session_id: str | None
    organization_id: str | None
    role: Role | None
    clerk_role: str | None
    is_operator: bool


@dataclass(frozen=True)
class Member:
    """A caller whom the guard has let in: all that a route may know of who asks."""

    subject: str
    session_id: str | None
    organization_id: str
    role: Role
    is_operator: bool
