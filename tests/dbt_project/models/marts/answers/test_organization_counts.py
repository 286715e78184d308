"""The operator counts across organizations and reads not one patient."""

from collections.abc import Iterator
from datetime import datetime

import psycopg
import pytest
from psycopg import sql

from tests.dbt_project.clinic import NOON, Clinic, days
from warehouse.settings import Settings


@pytest.fixture
def operator(built: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(built.url("operator")) as connection:
        yield connection


@pytest.mark.parametrize("as_of", [NOON, NOON + days(20), NOON - days(380), NOON - days(500)])
def test_the_counts_are_those_each_organization_sees(
    built: Settings, operator: psycopg.Connection, as_of: datetime
) -> None:
    operator.execute(sql.SQL("set local app.as_of = {}").format(sql.Literal(as_of.isoformat())))
    counted = {
        row[0]: row[1:]
        for row in operator.execute(
            "select organization_id, total_contacts, total_active_patients"
            " from operations.organization_counts"
        )
    }
    assert set(counted) >= {"org_main", "org_other"}
    for name, (contacts, active) in counted.items():
        clinic = Clinic(built, name)
        seen = clinic.ask(
            "select (select count(*) from marts.active_patients) as active,"
            " (select count(*) from marts.dim_patients where not is_merged and created_at <= app.as_of())"
            " as contacts",
            as_of,
        )
        assert seen == [{"active": active, "contacts": contacts}]


def test_there_is_something_to_count(operator: psycopg.Connection) -> None:
    operator.execute("set local app.as_of = '2026-03-10 02:00Z'")
    row = operator.execute(
        "select sum(total_contacts), sum(total_active_patients) from operations.organization_counts"
    ).fetchone()
    assert row is not None
    assert min(row) > 5


def test_the_operator_can_ask_for_no_patient(built: Settings, operator: psycopg.Connection) -> None:
    """Whatever relation of the product there is: its rows are refused, unless they are counts or clinics."""
    with psycopg.connect(built.url("owner")) as connection:
        relations = connection.execute(
            "select nspname, relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
            " where relkind in ('r', 'v', 'p', 'm') and nspname !~ '^(pg_|information_schema)'"
        ).fetchall()
    readable = set()
    for schema, name in relations:
        try:
            with operator.transaction():
                operator.execute(sql.SQL("select * from {} limit 1").format(sql.Identifier(schema, name)))
        except psycopg.errors.InsufficientPrivilege:
            continue
        readable.add(f"{schema}.{name}")
    assert readable == {
        *("app.organizations", "app.sync_runs", "app.sync_run_feeds", "app.publications"),
        "operations.organization_counts",
    }
