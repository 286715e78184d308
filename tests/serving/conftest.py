"""The API as it runs: a real uvicorn, a real pool, a real database, tokens signed by the sandbox's Clerk."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from sandbox.clerk.backend import Backend
from sandbox.clerk.issuer import Issuer, KeyStore, TokenOrder
from sandbox.clerk.issuer import create_app as create_clerk
from serving.app import create_app
from serving.services import Services
from serving.settings import ServingSettings
from tests.conftest import free_port
from tests.serving import marts
from warehouse.settings import Settings

PARTY = "https://app.example.com"
OPERATOR = "user_operator"
CLERK_KEY = "sk_test_of_the_sandbox"


@contextmanager
def serve(app: Any, port: int) -> Iterator[str]:
    """Run an application under uvicorn in a thread; yields its address.

    It keeps idle connections for longer than any client here does: where one side closes at the moment
    that the other asks, there is an error that is nobody's.
    """
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, timeout_keep_alive=75
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Ask until it is so; fails when it is not so in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.01)


@dataclass
class Clerk:
    url: str
    issuer: Issuer
    backend: Backend

    def token(self, organization_id: str | None = "org_a", **order: Any) -> str:
        return self.issuer.token(TokenOrder(organization_id=organization_id, **order))

    def bearer(self, organization_id: str | None = "org_a", **order: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(organization_id, **order)}"}

    def requests(self) -> int:
        count: int = httpx.get(f"{self.url}/_sandbox/requests").json()["key_set"]
        return count


@pytest.fixture(scope="session")
def clerk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clerk]:
    with run_clerk(tmp_path_factory.mktemp("clerk")) as clerk:
        yield clerk


@contextmanager
def run_clerk(home: Path) -> Iterator[Clerk]:
    port = free_port()
    issuer = Issuer(f"http://127.0.0.1:{port}", KeyStore(home), PARTY)
    backend = Backend(CLERK_KEY)
    with serve(create_clerk(issuer, backend), port) as url:
        yield Clerk(url, issuer, backend)


def settings_for(warehouse: Settings, clerk: Clerk, **more: Any) -> ServingSettings:
    """What a test's API is told; it keeps no answers unless the test is about that, since tests change rows
    that in earnest only a publication changes. The sandbox's Clerk is meant, whatever clinics there are."""
    values: dict[str, Any] = {
        "api_database_url": SecretStr(warehouse.url("api")),
        "api_cache_megabytes": 0,
        "operator_database_url": SecretStr(warehouse.url("operator")),
        "clerk_issuer": clerk.url,
        "clerk_authorized_parties": (PARTY,),
        "operators": (OPERATOR,),
        "allow_loopback_issuer": True,
        "limit_admin": 100_000,
        "limit_sync": 100_000,
        "limit_regular": 100_000,
    }
    return ServingSettings(**(values | more))


@dataclass
class Api:
    """A running API and a client of it."""

    app: FastAPI
    client: httpx.Client
    clerk: Clerk

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def connections_taken(self) -> int:
        return self.services.database.stats().get("requests_num", 0)

    def get(self, path: str, organization_id: str | None = "org_a", **options: Any) -> httpx.Response:
        headers = self.clerk.bearer(organization_id) | options.pop("headers", {})
        return self.client.get(path, headers=headers, **options)


@contextmanager
def run_api(settings: ServingSettings, clerk: Clerk, *, wait: bool = True) -> Iterator[Api]:
    app = create_app(settings)
    with serve(app, free_port()) as url, httpx.Client(base_url=url, timeout=20) as client:
        if wait:
            wait_for(app.state.services.gate.verifier.keys.ready)
        yield Api(app, client, clerk)


@pytest.fixture(scope="module")
def api(module_warehouse: Settings, clerk: Clerk) -> Iterator[Api]:
    with run_api(settings_for(module_warehouse, clerk), clerk) as api:
        yield api


@pytest.fixture(scope="module")
def clinics(module_warehouse: Settings) -> Settings:
    """Two loaded clinics, one that was never loaded and one that is switched off; the clock stands still."""
    fresh = marts.days_ago(0.1)
    marts.make_relations(module_warehouse)
    marts.add_organization(module_warehouse, "org_a", data_as_of=fresh)
    marts.add_organization(module_warehouse, "org_b", data_as_of=fresh)
    marts.add_organization(module_warehouse, "org_empty")
    marts.add_organization(module_warehouse, "org_off", data_as_of=fresh, active=False)
    with psycopg.connect(module_warehouse.url("owner")) as connection:
        for organization_id, patient_id in (("org_a", "101"), ("org_b", "101"), ("org_b", "202")):
            marts.insert(connection, "marts.dim_patients", [marts.patient_row(organization_id, patient_id)])
            marts.insert(
                connection,
                "marts.patient_reengagement_master_view",
                [marts.master_row(organization_id, patient_id)],
            )
            marts.insert(connection, "marts.active_patients", [marts.active_row(organization_id, patient_id)])
            contact = marts.contact_row(organization_id, patient_id)
            marts.insert(connection, "marts.contacts_with_appointments", [contact])
        for organization_id in ("org_a", "org_b"):
            insert = partial(marts.insert, connection)
            days = marts.daily_rows(organization_id, critical=1, new_at_risk=1, critical_trend="increasing")
            insert("marts.reengagement_trends", marts.of_each_period(days))
            insert("marts.channel_trends", marts.channel_rows(organization_id))
            for length in (7, 30, 90):
                channels = marts.channels(65 + length)
                row = marts.performance_row(
                    organization_id, f"last_{length}_days", communication_channels=channels
                )
                insert("marts.reengagement_performance_view", [row])
    return module_warehouse


@pytest.fixture(scope="module")
def clinic_api(clinics: Settings, clerk: Clerk) -> Iterator[Api]:
    with run_api(settings_for(clinics, clerk), clerk) as api:
        yield api


def settings(**more: Any) -> ServingSettings:
    values: dict[str, Any] = {
        "api_database_url": SecretStr("postgresql://nobody"),
        "operator_database_url": SecretStr("postgresql://nobody"),
        "clerk_issuer": "https://clerk.example.com",
        "clerk_authorized_parties": ("https://app.example.com",),
    }
    return ServingSettings(**(values | more))
