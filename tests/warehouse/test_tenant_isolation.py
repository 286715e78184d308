"""One function isolates a table, whatever was done to it before; another one says what is amiss with any."""

from collections.abc import Iterator

import psycopg
import pytest

from warehouse.settings import Settings
from warehouse.tenant_isolation.holes import find_holes

TABLE = """
create schema marts authorization routiq_owner;
set role routiq_owner;
create table marts.visits (organization_id text, id text);
insert into marts.visits values ('org_a', '1'), ('org_b', '2');
"""
SPOILT = """
alter table marts.visits no force row level security;
alter policy tenant on marts.visits using (true);
create policy more on marts.visits to public using (true);
create policy less on marts.visits as restrictive to routiq_owner using (false);
"""


@pytest.fixture
def connection(warehouse: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(warehouse.url("admin")) as connection:
        connection.execute(TABLE)
        connection.execute("select app.isolate_tenants('marts.visits')")
        yield connection
        connection.rollback()


def seen(connection: psycopg.Connection, role: str, organization_id: str) -> list[str]:
    connection.execute(f"set role routiq_{role}")
    connection.execute("select set_config('app.organization_id', %s, true)", [organization_id])
    rows = connection.execute("select id from marts.visits order by id").fetchall()
    connection.execute("set role routiq_owner")
    return [row[0] for row in rows]


def test_each_organization_sees_its_own_and_the_build_everything(connection: psycopg.Connection) -> None:
    connection.execute("grant usage on schema marts to routiq_api")
    assert [seen(connection, "api", name) for name in ("org_a", "org_b", "")] == [["1"], ["2"], []]
    assert seen(connection, "owner", "org_a") == ["1", "2"]


def test_what_was_spoilt_is_found_and_put_right(connection: psycopg.Connection) -> None:
    assert find_holes(connection) == []
    connection.execute(SPOILT)
    assert find_holes(connection) == [
        "marts.visits has policy more for more roles than the API's",
        "marts.visits has policy more that is not the tenant's",
        "marts.visits has policy tenant that is not the tenant's",
        "marts.visits has row-level security off or not forced",
    ]
    connection.execute("select app.isolate_tenants('marts.visits')")
    assert find_holes(connection) == []
    assert seen(connection, "owner", "org_a") == ["1", "2"]


def test_an_older_schema_is_no_proof(connection: psycopg.Connection) -> None:
    connection.execute("drop function app.tenant_isolation_holes")
    assert find_holes(connection) == [
        "the schema is of an older version, which cannot say what isolates its tables"
    ]
