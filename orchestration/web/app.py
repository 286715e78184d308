"""Dagster's web app with fewer ways in: GraphQL by POST alone, and no mutation where it is read-only.

The endpoint is narrowed where Dagster's router has chosen it, not by its path: a path has many spellings.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.version import __version__
from dagster_webserver.webserver import DagsterWebserver
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from orchestration.instance import workspace_file
from orchestration.settings import DagsterWebSettings
from orchestration.web.door import SAFE, Door
from warehouse.settings import Settings

POLL_MS = 2000
# As `dagster-webserver` has them: the browser asks often and must not hold the database's connections.
STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW = 15_000, 3600, 20


class Webserver(DagsterWebserver[Any, Any]):
    """Dagster's own, but a GET never runs a query: a link or an image can send one."""

    def __init__(self, context: WorkspaceProcessContext, *, read_only: bool) -> None:
        super().__init__(context, live_data_poll_rate=POLL_MS)
        self.read_only = read_only

    async def graphql_http_endpoint(self, request: Request) -> Response:
        if request.method != "POST" and "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("Queries are taken by POST alone.\n", 405, {"Allow": "POST"})
        answer: Response = await super().graphql_http_endpoint(request)  # a GET gets the query page
        return answer

    async def execute_graphql_request(
        self, request: Request, query: str, variables: dict[str, Any] | None, operation_name: str | None
    ) -> JSONResponse:
        if self.read_only and _changes_something(query):
            why = "This Dagster is read-only (ROUTIQ_DAGSTER_READ_ONLY)."
            return JSONResponse({"data": None, "errors": [{"message": why}]}, 403)
        return await super().execute_graphql_request(request, query, variables, operation_name)


def _changes_something(query: str) -> bool:
    try:
        document = parse(query)
    except GraphQLError:
        return False  # Dagster says what is wrong with it
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return any(operation.operation is not OperationType.QUERY for operation in operations)


class ReadOnly:
    """Refuses whatever is neither a look nor a query: Dagster's endpoints for reporting events."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE and scope["path"] != "/graphql":
            answer = PlainTextResponse("This Dagster is read-only (ROUTIQ_DAGSTER_READ_ONLY).\n", 403)
            return await answer(scope, receive, send)
        return await self.app(scope, receive, send)


@contextmanager
def web_app(settings: Settings, web: DagsterWebSettings) -> Iterator[ASGIApp]:
    """The app behind its door, while Dagster's instance is open."""
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_TIMEOUT_MS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW)
        with WorkspaceProcessContext(
            instance,
            WorkspaceFileTarget(paths=[str(workspace_file(settings))]),
            version=__version__,
            read_only=web.dagster_read_only,
        ) as context:
            app: ASGIApp = Webserver(context, read_only=web.dagster_read_only).create_asgi_app()
            app = ReadOnly(app) if web.dagster_read_only else app
            yield Door(app, hosts=web.hosts, password=web.dagster_password.get_secret_value())
