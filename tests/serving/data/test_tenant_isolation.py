"""Two lines: each query names its organization, and the database lets the role see no other."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import LiteralString

import psycopg
import pytest
from fastapi import FastAPI
from psycopg import sql

from serving.app import create_app
from serving.data.tenancy import TenantIsolation, TenantIsolationError
from tests.conftest import free_port
from tests.serving import marts
from tests.serving.checks import without_isolation
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from tests.serving.process import environment, run
from tests.serving.routes import ACTIVE, DATA_ROUTES, LIST, RISK
from warehouse.settings import Settings


def seen_by_the_role(warehouse: Settings, table: LiteralString) -> set[str]:
    """Whose rows the API's role sees in a transaction for org_a, with a statement that filters nothing."""
    with psycopg.connect(warehouse.url("api")) as connection:
        connection.execute("set local app.organization_id = 'org_a'")
        statement = sql.SQL("select distinct organization_id from {}").format(sql.SQL(table))
        return {row[0] for row in connection.execute(statement)}


@contextmanager
def a_row_for_each(warehouse: Settings, table: LiteralString) -> Iterator[None]:
    """Of both organizations, whatever else the table holds."""
    relation = sql.SQL(table)
    insert = sql.SQL("insert into {} (organization_id) values ('org_a'), ('org_b') returning ctid::text")
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        rows = [row[0] for row in connection.execute(insert.format(relation))]
        try:
            yield
        finally:
            connection.execute(sql.SQL("delete from {} where ctid = any(%s::tid[])").format(relation), [rows])


@pytest.mark.parametrize("table", marts.RELATIONS)
def test_the_database_shows_one_organization_only(clinics: Settings, table: LiteralString) -> None:
    relation: LiteralString = f"marts.{table}"
    with a_row_for_each(clinics, relation):
        assert seen_by_the_role(clinics, relation) == {"org_a"}
        with without_isolation(clinics, relation):
            assert seen_by_the_role(clinics, relation) == {"org_a", "org_b"}


@pytest.mark.parametrize("route", DATA_ROUTES)
def test_the_queries_hold_without_isolation(clinic_api: Api, clinics: Settings, route: str) -> None:
    table: LiteralString = (
        "marts.active_patients" if "active" in route else "marts.patient_reengagement_master_view"
    )
    with without_isolation(clinics, table):
        body = clinic_api.get(route.format("org_a")).json()
    text = str(body)
    assert "org_b" not in text
    assert "202" not in {str(row.get("id")) for row in body.get("patients", [])}
    if route == RISK:
        assert body["immediate_actions_required"] == 1


def test_no_connection_carries_anything_from_one_organization_to_the_next(
    clinics: Settings, clerk: Clerk
) -> None:
    """A small storm of two organizations, good and bad requests mixed, on a single connection."""
    with run_api(settings_for(clinics, clerk, api_pool_size=1), clerk) as api:

        def ask(number: int) -> tuple[str, str]:
            own, other = ("org_a", "org_b") if number % 2 else ("org_b", "org_a")
            route = (LIST, ACTIVE, RISK)[number % 3]
            asked = other if number % 7 == 0 else own
            return other, api.get(route.format(asked), own).text

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(ask, range(400)))
    leaks = [text for other, text in answers if other in text or f"Pat {other}" in text]
    assert leaks == []


def test_nothing_is_served_through_a_hole(clinics: Settings, clerk: Clerk) -> None:
    app = create_app(settings_for(clinics, clerk))
    with (
        without_isolation(clinics, "marts.active_patients"),
        pytest.raises(TenantIsolationError, match="active_patients"),
    ):
        asyncio.run(start(app))
    asyncio.run(start(app))


def test_a_start_through_a_hole_is_refused_in_words(clinics: Settings, clerk: Clerk) -> None:
    with without_isolation(clinics, "marts.active_patients"):
        ended = run(environment=environment(clinics, clerk, free_port()))
    assert ended.returncode == 3
    assert "holes_in_tenant_isolation" in ended.stderr
    assert "marts.active_patients" in ended.stderr
    assert "Traceback" not in ended.stderr


async def start(app: FastAPI) -> None:
    async with app.router.lifespan_context(app):
        pass


def test_a_hole_found_late_is_not_served_through_either(clinics: Settings) -> None:
    """The database was away at the start, so isolation is looked at before the first statement."""
    with without_isolation(clinics, "marts.active_patients"):
        isolation = TenantIsolation(clinics.url("api"))
        with pytest.raises(TenantIsolationError):
            asyncio.run(isolation.require())
    asyncio.run(isolation.require())
