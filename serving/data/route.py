"""Routes that answer with data, and what their handlers may ask for in their signatures.

guard -> parameters -> handler -> who is named is recorded -> the response

A handler that reads gives back a `Reply` and nothing else, so that no route can forget to record whom it
shows. One that writes gives back a model; what it does to whom it records itself, in the transaction that
does it.
"""

from inspect import signature
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from serving.access.guard import GuardedRoute
from serving.data.database import Database
from serving.data.reply import Reply


# Coroutines: FastAPI sends plain functions to a thread, which costs more than all that they do.
async def database_of(request: Request) -> Database:
    database: Database = request.app.state.services.database
    return database


async def operators_of(request: Request) -> Database:
    operators: Database = request.app.state.services.operators
    return operators


Data = Annotated[Database, Depends(database_of)]
Operators = Annotated[Database, Depends(operators_of)]


class DataRoute(GuardedRoute):
    """A guarded route that completes the reply of its handler."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        options["openapi_extra"] = {"parameters": organization_in(path)}
        super().__init__(path, endpoint, **options)
        given = signature(endpoint).return_annotation
        self.replies = given is Reply
        is_model = isinstance(given, type) and issubclass(given, BaseModel)
        if not self.replies and ("GET" in (self.methods or ()) or not is_model):
            raise TypeError(f"{path} must give back a Reply, or a model where it writes")

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def completed(request: Request) -> Response:
            response: Response = await handler(request)
            if not self.replies:
                return response
            if not isinstance(response, Reply):
                raise TypeError(f"{self.path} has given back another response than its Reply")
            return await response.complete(request)

        return completed


def organization_in(path: str) -> list[dict[str, Any]]:
    """Its parameter, by the name that each document gives it, for the API's description only.

    The guard has compared it with the token and no query takes it from the path, so FastAPI need not read it
    at each request.
    """
    description = "The organization of your session token; any other is refused with 403."
    titles = {"org_id": "Org Id", "organization_id": "Organization Id"}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "title": title, "description": description},
        }
        for name, title in titles.items()
        if f"{{{name}}}" in path
    ]


def data_router(prefix: str, tag: str) -> APIRouter:
    """A router of such routes."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=DataRoute)
