"""Who may come in. Every route under /api/ carries one `Guard`; nothing runs before the guard says so.

token (401) -> its organization (403) -> the hour's limit (429) -> path and header agree (403) -> role (403)

`GuardedRoute` asks the guard before FastAPI reads anything else of the request: no body is parsed, no
parameter checked, no connection taken for a stranger. A route without a guard is refused at import.
"""

from dataclasses import dataclass
from typing import Any, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.params import Query
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from serving.access.caller import Caller, Member
from serving.access.claims import Role
from serving.access.issuer import IssuerCheck
from serving.access.limits import Limits, Tier
from serving.access.parameters import check_parameters
from serving.access.tokens import TokenRefused, Verifier
from serving.http.errors import Forbidden, TooManyRequests, Unauthenticated, Unavailable, WrongMediaType
from serving.http.logs import log

ORGANIZATION_PARAMETERS = ("organization_id", "org_id")


@dataclass(frozen=True)
class Gate:
    """What the guards ask, one for the application."""

    verifier: Verifier
    issuer: IssuerCheck
    limits: Limits


async def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.services.gate
    return gate


class Guard(SecurityBase):
    """Declared on the route: `caller: Annotated[Member, Depends(Guard(tier="regular", role="member"))]`."""

    def __init__(self, *, tier: Tier, role: Role) -> None:
        self.tier = tier
        self.role = role
        self.model = BearerModel(
            bearerFormat="JWT", description="A Clerk session token with an active organization."
        )
        self.scheme_name = "ClerkSession"

    # A coroutine, as every dependency here: FastAPI sends plain functions to a thread, which costs more than
    # all that they do.
    async def __call__(self, request: Request) -> Member:
        """What FastAPI injects: whom `admit` has let in before."""
        member: Member = request.state.member
        return member

    async def admit(self, request: Request) -> None:
        """Let the caller in, or raise 401, 403 or 429."""
        gate = await gate_of(request)
        caller = await authenticate(request.headers, gate.verifier)
        await gate.issuer.admit()
        if caller.organization_id is None:
            raise Forbidden
        request.state.organization_id = caller.organization_id
        request.state.subject = caller.subject
        standing = await gate.limits.admit(caller.organization_id, self.tier)
        request.state.rate_limit = standing
        if not standing.admitted:
            raise TooManyRequests(headers={"Retry-After": str(standing.wait)})
        check_agreement(request, caller.organization_id)
        request.state.member = self._member(caller, caller.organization_id)

    def _member(self, caller: Caller, organization_id: str) -> Member:
        if caller.role is None:
            log.warning("role_unknown", role=caller.clerk_role)  # ROUTIQ_CLERK_ROLES may say what it means
            raise Forbidden
        if self.role == "admin" and caller.role != "admin":
            raise Forbidden
        return Member(caller.subject, caller.session_id, organization_id, caller.role, caller.is_operator)


async def authenticate(headers: Headers, verifier: Verifier) -> Caller:
    """Raises Unauthenticated; Unavailable while no key could ever be fetched, so nobody can be known."""
    try:
        return await verifier.verify(bearer_token(headers))
    except TokenRefused as refusal:
        log.info("token_refused", reason=refusal.reason)
        if refusal.reason == "unknown_key" and not verifier.keys.ready():
            raise Unavailable("The keys of the sign-in service cannot be reached.") from None
        raise Unauthenticated from None


def bearer_token(headers: Headers) -> str:
    """The one token of the one `Authorization` header; cookies and parameters are never looked at."""
    values = headers.getlist("authorization")
    if len(values) != 1:
        raise TokenRefused("no_header" if not values else "doubled_header")
    scheme, _, token = values[0].partition(" ")
    if scheme.lower() != "bearer":
        raise TokenRefused("scheme")
    return token


def check_agreement(request: Request, organization_id: str) -> None:
    """Path and header may only repeat what the token says."""
    named = [request.path_params[name] for name in ORGANIZATION_PARAMETERS if name in request.path_params]
    named += request.headers.getlist("x-organization-id")
    if any(name != organization_id for name in named):
        raise Forbidden


class GuardedRoute(APIRoute):
    """A route that asks its guard first."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        guards = guards_of(self.dependant)
        if len(guards) != 1:
            raise TypeError(f"{path} needs exactly one Guard, it has {len(guards)}")
        self.guard = guards[0]
        declared = [field for field in get_flat_params(self.dependant) if isinstance(field.field_info, Query)]
        self.parameters = {field.alias for field in declared}
        self.repeatable = {field.alias for field in declared if is_sequence(field.field_info.annotation)}

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await self.guard.admit(request)
            if self.body_field:
                check_media_type(request.headers)
            sent = [name for name, _ in request.query_params.multi_items()]
            check_parameters(sent, self.parameters, self.repeatable)
            response: Response = await handler(request)
            return response

        return guarded


def check_media_type(headers: Headers) -> None:
    """Raises WrongMediaType: FastAPI would read a body of another type as text and call it wrong."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise WrongMediaType


def is_sequence(annotation: object) -> bool:
    """Also when it is optional."""
    return any(get_origin(kind) in {list, tuple, set} for kind in (annotation, *get_args(annotation)))


def guards_of(dependant: Dependant) -> list[Guard]:
    found = [dependant.call] if isinstance(dependant.call, Guard) else []
    return found + [guard for below in dependant.dependencies for guard in guards_of(below)]
