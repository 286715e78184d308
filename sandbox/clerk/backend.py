"""Clerk's Backend API on loopback, as far as it tells who belongs to an organization; and what may go wrong.

A secret key as bearer, pages by `limit` and `offset`, Clerk's error bodies. `/_sandbox/organizations` says
who is there, `/_sandbox/faults` what fails next.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from sandbox.clerk.directory import (
    Directory,
    Organization,
    membership_object,
    organization_object,
    user_object,
)

LARGEST_PAGE = 500
MESSAGES = {
    401: ("Invalid Secret Key", "secret_key_invalid"),
    404: ("not found", "resource_not_found"),
    422: ("is invalid", "form_param_value_invalid"),
    429: ("Too many requests. Please try again in a bit.", "too_many_requests"),
}


class Fault(BaseModel):
    """What the next `times` requests meet, once `after` were spared: a wait, then a status if any."""

    model_config = ConfigDict(extra="forbid")

    status: int | None = Field(default=None, ge=400, le=599)
    retry_after: int | None = None
    seconds: float = 0
    times: int = 1_000_000
    after: int = 0


@dataclass
class Backend:
    """The state of it. `on_request` is called with each path: for tests that change the world in between."""

    secret_key: str
    directory: Directory = field(default_factory=Directory)
    faults: list[Fault] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    on_request: Callable[[str], None] = lambda _path: None

    def due(self) -> Fault | None:
        for fault in self.faults:
            if fault.after > 0:
                fault.after -= 1
            elif fault.times > 0:
                fault.times -= 1
                return fault
        return None

    async def admit(self, request: Request) -> None:
        self.paths.append(request.url.path)
        self.on_request(request.url.path)
        if fault := self.due():
            await asyncio.sleep(fault.seconds)
            if fault.status is not None:
                raise RefusedError(fault.status, fault.retry_after)
        if request.headers.get("authorization") != f"Bearer {self.secret_key}":
            raise RefusedError(401)

    def known(self, organization_id: str) -> Organization:
        found = self.directory.find(organization_id)
        if found is None:
            raise RefusedError(404)
        return found


class RefusedError(Exception):
    def __init__(self, status: int, retry_after: int | None = None) -> None:
        super().__init__(status)
        self.status, self.retry_after = status, retry_after


def refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101 - what it was registered for
    message, code = MESSAGES.get(error.status, ("Oops, an unexpected error occurred", "internal_clerk_error"))
    fault = {"message": message, "long_message": message, "code": code}
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    trace = secrets.token_hex(16)
    return JSONResponse({"errors": [fault], "clerk_trace_id": trace}, error.status, headers)


def backend_router(backend: Backend) -> APIRouter:
    """`/v1/...` as Clerk has it."""
    router = APIRouter(prefix="/v1")

    @router.get("/organizations/{organization_id}")
    async def organization(request: Request, organization_id: str) -> dict[str, Any]:
        await backend.admit(request)
        return organization_object(backend.known(organization_id))

    @router.get("/organizations/{organization_id}/memberships")
    async def memberships(
        request: Request, organization_id: str, limit: str = "10", offset: str = "0"
    ) -> dict[str, Any]:
        await backend.admit(request)
        found = backend.known(organization_id)
        page = found.members[window(limit, offset)]
        data = [membership_object(found, member) for member in page]
        return {"data": data, "total_count": len(found.members)}

    @router.get("/users")
    async def users(
        request: Request,
        user_id: Annotated[list[str] | None, Query()] = None,
        limit: str = "10",
        offset: str = "0",
    ) -> list[dict[str, Any]]:
        await backend.admit(request)
        if user_id is not None and len(user_id) > 100:
            raise RefusedError(422)
        everybody = backend.directory.users().values()
        wanted = [user for user in everybody if user_id is None or user.user_id in user_id]
        return [user_object(user) for user in wanted[window(limit, offset)]]

    return router


def window(limit: str, offset: str) -> slice:
    if not limit.isdigit() or not 1 <= int(limit) <= LARGEST_PAGE or not offset.isdigit():
        raise RefusedError(422)
    return slice(int(offset), int(offset) + int(limit))


def control_router(backend: Backend) -> APIRouter:
    """`/_sandbox/...`: who is there, and what fails next."""
    router = APIRouter(prefix="/_sandbox")

    @router.put("/organizations", status_code=204)
    def put_organization(organization: Organization) -> None:
        backend.directory.put(organization)

    @router.delete("/organizations/{organization_id}/members/{user_id}", status_code=204)
    def remove_member(organization_id: str, user_id: str) -> None:
        found = backend.directory.organizations[organization_id]
        found.members = [member for member in found.members if member.user_id != user_id]

    @router.post("/faults", status_code=204)
    def add_fault(fault: Fault) -> None:
        backend.faults.append(fault)

    @router.delete("/faults", status_code=204)
    def clear_faults() -> None:
        backend.faults.clear()

    return router
