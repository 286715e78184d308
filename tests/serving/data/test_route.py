"""What a handler may give back: a reply where it reads, a model where it writes, never its own response."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import pytest
from fastapi import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.app import ROUTERS
from serving.data.answer import Answer
from serving.data.reply import Reply
from serving.data.route import DataRoute, data_router
from tests.serving.conftest import Clerk, run_api, settings_for
from warehouse.settings import Settings

Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]


class Written(BaseModel):
    pass


async def reply(_caller: Caller) -> Reply:
    return Reply(Answer("{}", (), None, "2025-06-30T12:00:00Z", is_stale=True))


async def model(_caller: Caller) -> Written:
    return Written()


async def response(_caller: Caller) -> Response:
    return Response("Pat")


async def liar(_caller: Caller) -> Reply:
    return Response("Pat")  # type: ignore[return-value]


Handler = Callable[[Any], Awaitable[object]]


@pytest.mark.parametrize(("method", "handler"), [("GET", reply), ("POST", reply), ("POST", model)])
def test_replies_are_given_and_models_by_what_writes(method: str, handler: Handler) -> None:
    data_router("/new", "new").add_api_route("", handler, methods=[method], response_model=None)


@pytest.mark.parametrize(("method", "handler"), [("GET", model), ("GET", response), ("POST", response)])
def test_nothing_else_makes_a_route(method: str, handler: Handler) -> None:
    with pytest.raises(TypeError, match="must give back a Reply"):
        data_router("/new", "new").add_api_route("", handler, methods=[method], response_model=None)


def test_what_is_no_reply_is_not_sent(clinics: Settings, clerk: Clerk) -> None:
    router = data_router("/api/v1/new", "new")
    router.add_api_route("", liar, response_model=None)
    with run_api(settings_for(clinics, clerk), clerk) as api:
        api.app.include_router(router)
        answer = api.get("/api/v1/new")
    assert answer.status_code == 500
    assert "Pat" not in answer.text


def test_every_route_of_data_is_one() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    others = {route.path for route in routes if not isinstance(route, DataRoute)}
    assert others == {"/live", "/ready"}
