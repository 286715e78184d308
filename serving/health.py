"""Is the process alive, and can it answer? No organization's data, no token, no limit."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from serving.errors import Unavailable
from serving.services import services_of

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    status: Literal["ready"] = "ready"


@router.get("/live", operation_id="isAlive", summary="Is the process alive?")
async def live() -> Alive:
    return Alive()


@router.get("/ready", operation_id="isReady", summary="Can it answer? Database and sign-in keys at hand")
async def ready(request: Request) -> Ready:
    """Stale data does not make it unready: each answer says for itself how old its data is."""
    services = services_of(request)
    if not services.verifier.keys.ready():
        raise Unavailable("The keys of the sign-in service have not been fetched yet.", retry_after=1)
    if not await services.database.is_reachable():
        raise Unavailable("The database cannot be reached.", retry_after=1)
    return Ready()
