"""The API as it runs, with one route more: `constant`, behind the same guard, answers always the same."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response

from serving import __main__ as service
from serving.access.caller import Member
from serving.access.guard import Guard, GuardedRoute

router = APIRouter(prefix="/api/v1/reengagement/{org_id}/constant", route_class=GuardedRoute)
BODY = b'{"always": "the same"}'
served = service.app


@router.get("")
async def constant(_caller: Annotated[Member, Depends(Guard(tier="regular", role="member"))]) -> Response:
    return Response(BODY, media_type="application/json")


def app() -> FastAPI:
    with_constant = served()
    with_constant.include_router(router)
    return with_constant


if __name__ == "__main__":
    service.app = app  # uvicorn finds it there by its name
    service.main(None, None)
