"""The application: middleware, routers, error handling and what lives as long as it does."""

import asyncio
import contextlib
import functools
import gc
from collections.abc import AsyncIterator

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from serving.access.jwks import FetchedJwks, keep_fresh
from serving.access.parties import Parties
from serving.features.active_patients.router import router as active_patients
from serving.features.clerk.router import router as clerk
from serving.features.contacts.router import router as contacts
from serving.features.health import router as health
from serving.features.monitoring.router import router as monitoring
from serving.features.outreach.router import router as outreach
from serving.features.patients.router import router as patients
from serving.features.performance.router import router as performance
from serving.features.reengagement.router import router as reengagement
from serving.features.sync.router import dashboard_router as sync_dashboard
from serving.features.sync.router import router as sync
from serving.features.trends.router import router as trends
from serving.http.envelope import EXPOSED_HEADERS, Envelope
from serving.http.errors import Unavailable
from serving.http.handlers import install_handlers
from serving.openapi.docs_page import install_docs
from serving.openapi.document import INFO, describe
from serving.services import Services, make_services
from serving.settings import ServingSettings

# `patients` last of all that begin with its path: any word there would be somebody's id.
ROUTERS = (
    sync,
    sync_dashboard,
    active_patients,
    contacts,
    monitoring,
    clerk,
    reengagement,
    performance,
    trends,
    outreach,
    patients,
    health.router,
)


def create_app(settings: ServingSettings) -> FastAPI:
    """The API for these settings; nothing is connected before it starts."""
    services = make_services(settings)
    app = FastAPI(
        **INFO,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda _app: lifespan(services),
        middleware=[Middleware(Envelope), cors(settings)],
    )
    app.state.services = services
    install_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    install_docs(app)
    app.openapi = functools.cache(lambda: describe(ROUTERS))  # type: ignore[method-assign]
    return app


def cors(settings: ServingSettings) -> Middleware:
    """Browsers of the authorized parties may read the answers, and the headers about limits and freshness."""
    parties = Parties.of(settings.clerk_authorized_parties)
    return Middleware(
        CORSMiddleware,
        allow_origins=sorted(parties.named),
        allow_origin_regex=parties.pattern,
        allow_methods=["GET", "POST"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "x-organization-id",
            "Idempotency-Key",
            "If-None-Match",
        ],
        expose_headers=list(EXPOSED_HEADERS),
        max_age=600,
    )


def set_garbage_aside() -> None:
    """What is there before the first request stays: looking through it again takes some caller 50 ms."""
    gc.collect()
    gc.freeze()


@contextlib.asynccontextmanager
async def lifespan(services: Services) -> AsyncIterator[None]:
    """See that tenants are isolated, open the pool, fetch the keys: `/ready` tells when they are there.

    A database that is away may come later: no caller is let in before `issuer` could look.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(services.database.close)
        stack.push_async_callback(services.gate.limits.close)
        stack.push_async_callback(services.operators.close)
        if services.mirror:
            stack.push_async_callback(services.mirror.close)
        await services.database.open()
        await services.operators.open()
        with contextlib.suppress(Unavailable):
            await services.gate.issuer.require()
        keys = services.gate.verifier.keys
        if isinstance(keys, FetchedJwks):
            stack.push_async_callback(stop, asyncio.create_task(keep_fresh(keys)))
        set_garbage_aside()
        yield


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
