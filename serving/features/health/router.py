"""Is the process alive, and can it answer? No organization's data, no token, no limit."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from serving.access.guard import Gate, gate_of
from serving.data.route import Data
from serving.http.errors import Broken, Unavailable
from serving.openapi.responses import COMMON_HEADERS, refusal

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "alive"}]})

    status: Literal["alive"] = Field(default="alive", description="`alive`")


class Ready(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ready"}]})

    status: Literal["ready"] = Field(default="ready", description="`ready`")


RESPONSES: dict[int | str, dict[str, Any]] = {200: {"headers": COMMON_HEADERS}, 500: refusal(Broken)}


@router.get("/live", operation_id="isAlive", summary="Is the process alive?", responses=RESPONSES)
async def live() -> Alive:
    return Alive()


@router.get(
    "/ready",
    operation_id="isReady",
    summary="Can it answer? Database and sign-in keys at hand",
    responses=RESPONSES | {503: refusal(Unavailable)},
)
async def ready(gate: Annotated[Gate, Depends(gate_of)], data: Data) -> Ready:
    """Stale data does not make it unready: each answer says for itself how old its data is."""
    if not gate.verifier.keys.ready():
        raise Unavailable("The keys of the sign-in service have not been fetched yet.", retry_after=1)
    if not await data.is_reachable():
        raise Unavailable("The database cannot be reached.", retry_after=1)
    await gate.issuer.admit()
    if not await gate.limits.is_reachable():
        raise Unavailable("Requests cannot be counted.", retry_after=1)
    return Ready()
