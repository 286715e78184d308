"""The warehouse is made from nothing, again and again, and its roles can do no more than they must."""

import psycopg
import pytest
from psycopg import sql

from tests.conftest import create_old_database, drop_database
from warehouse.bootstrap import migrate, prepare_warehouse
from warehouse.settings import Role, Settings

ORGANIZATIONS = "insert into app.organizations (organization_id, name) values ('org_a', 'A'), ('org_b', 'B')"


def test_preparing_again_keeps_the_data(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(ORGANIZATIONS)
    prepare_warehouse(warehouse)
    with psycopg.connect(warehouse.url("owner")) as connection:
        assert connection.execute("select count(*) from app.organizations").fetchone() == (2,)


def test_the_api_sees_only_the_organization_of_its_transaction(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(ORGANIZATIONS)
    with psycopg.connect(warehouse.url("api")) as connection:
        seen = "select organization_id from app.organizations"
        assert connection.execute(seen).fetchall() == []
        with connection.transaction():
            connection.execute(sql.SQL("set local app.organization_id = {}").format(sql.Literal("org_a")))
            assert connection.execute(seen).fetchall() == [("org_a",)]
        connection.rollback()
        assert connection.execute(seen).fetchall() == []


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("api", "select * from raw_cliniko.patients"),
        ("api", "select sealed_api_key from app.cliniko_credentials"),
        (
            "api",
            "insert into app.outreach_log (organization_id) values ('org_a')",
        ),  # read-only by default
        ("api", "set transaction read write; delete from app.audit_log"),
        ("api", "set transaction read write; create table public.mine ()"),
        ("loader", "create table raw_cliniko.mine ()"),
        ("loader", "delete from raw_cliniko.patients"),
        ("operator", "select * from app.outreach_log"),
    ],
)
def test_roles_can_do_no_more_than_they_must(warehouse: Settings, role: Role, statement: str) -> None:
    with (
        psycopg.connect(warehouse.url(role)) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        connection.execute(statement.encode())


def test_one_sync_at_a_time_for_each_organization(warehouse: Settings) -> None:
    queue = "insert into app.sync_runs (organization_id, requested_by) values ('org_a', 'test')"
    with psycopg.connect(warehouse.url("loader")) as connection:
        with psycopg.connect(warehouse.url("owner")) as owner:
            owner.execute(ORGANIZATIONS)
        connection.execute(queue)
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(queue)


def test_the_owner_may_make_temporary_tables_as_publishing_does(cluster: Settings) -> None:
    with psycopg.connect(cluster.url("owner")) as connection:
        connection.execute("create temporary table changed (organization_id text) on commit drop")


def test_moments_that_nobody_told_are_taken_back(cluster: Settings) -> None:
    warehouse = create_old_database(cluster, "untold_moments", "0009")
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute("insert into app.organizations (organization_id, name) values ('org_a', 'A')")
        connection.execute(
            """
            insert into app.outreach_log
                (organization_id, patient_id, method, outcome, logged_by, logged_at, delivered_at, opened_at)
            values
                ('org_a', '1', 'email', 'failed', 'u', '2026-03-01', '2026-03-01', '2026-03-01'),
                ('org_a', '2', 'email', 'success', 'u', '2026-03-01', '2026-02-28', '2026-03-01')
            """
        )
    migrate(warehouse)
    with psycopg.connect(warehouse.url("owner")) as connection:
        rows = connection.execute(
            "select delivered_at is null, opened_at is null from app.outreach_log order by patient_id"
        ).fetchall()
    assert rows == [(True, True), (False, True)]
    drop_database(cluster, "untold_moments")
