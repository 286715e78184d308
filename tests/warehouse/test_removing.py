"""An organization that was removed is nowhere any more, and its neighbour is untouched."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orchestration.dbt.build import build
from tests.conftest import create_database, drop_database
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dumps import found_in_dump
from tests.warehouse.appending import append
from warehouse.audit import verify
from warehouse.erasing import ErasingError
from warehouse.organizations import add_organization
from warehouse.removing import TABLES, remove_organization, was_removed
from warehouse.sealing import Secret
from warehouse.settings import Settings

GONE, STAYS = "org_vanishing", "org_staying"
# Tables of ours that hold nothing of any organization.
OF_NOBODY = {
    "app.alembic_version",
    "app.job_alerts",
    "app.removed_organizations",
    "checks.rules",
    "checks.views",
    "marts.dim_benchmarks",
    "public.alembic_version",
}
ALL = """
select schemaname || '.' || tablename from pg_tables
where schemaname not in ('pg_catalog', 'information_schema', 'dagster', 'seeds')
    and tablename not like '\\_dlt%'
    and tablename not like '%\\_benchmarks\\_%' and tablename not like '%\\_channels\\_%'
"""
FILLED = """
insert into app.sync_cursors (organization_id, feed, updated_through, fence)
values ('{0}', 'patients', now(), 1);
insert into app.quarantine (organization_id, sync_run_id, feed, reason, seen_at)
values ('{0}', gen_random_uuid(), 'patients', 'missing', now());
insert into app.request_pace (organization_id, answered_at, noted_at) values ('{0}', '{{}}', now());
insert into app.clerk_organizations values ('{0}', 'Name', 'slug', now(), now());
insert into app.clerk_users values ('{0}', 'user_1', 'Ada', 'Sample', 'x@example.com', false, now(), now());
insert into app.clerk_memberships values ('{0}', 'user_1', 'orgmem_1', 'org:admin', now(), now());
insert into app.clerk_syncs (organization_id, requested_by, lease_expires_at) values ('{0}', 'x', now());
insert into app.organization_alerts (organization_id, state, reason, remedy) values ('{0}', 'fine', 'x', 'y');
insert into app.cliniko_accounts (organization_id, account_id) values ('{0}', '{0}');
insert into app.erased_patients (organization_id, patient_hash) values ('{0}', sha256('x'));
insert into app.idempotency_keys (organization_id, subject, key, request_hash, outreach_id)
select organization_id, 'user_1', 'key', '', id from app.outreach_log where organization_id = '{0}';
"""


def draw(settings: Settings, organization_id: str, mark: str) -> None:
    clinic = Clinic(settings, organization_id).create()
    key = Secret(f"key-{mark}-au1")
    add_organization(settings, organization_id, mark, "https://api.au1.example.com/v1", key)
    clinic.patient("1", first_name=mark)
    clinic.visit("11", "1", NOON - days(10))
    clinic.outreach("1", "success", NOON - days(1), notes=mark)
    clinic.accept()
    append(settings, organization_id, ["1"])
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(FILLED.format(organization_id).encode())


@pytest.fixture(scope="module")
def built(cluster: Settings) -> Iterator[Settings]:
    settings = create_database(cluster, "removing")
    draw(settings, GONE, "Vanishingmark")
    draw(settings, STAYS, "Stayingmark")
    build(settings)
    yield settings
    drop_database(cluster, "removing")


@pytest.fixture
def both(cluster: Settings, built: Settings, tmp_path: Path) -> Iterator[Settings]:
    copied = create_database(cluster, "removing_one", template=built.database_name)
    yield copied.model_copy(update={"home": tmp_path})
    drop_database(cluster, "removing_one")


def rows(settings: Settings, organization_id: str) -> dict[str, int]:
    """In which tables how many rows are the organization's."""
    with psycopg.connect(settings.url("owner")) as connection:
        tables = connection.execute(TABLES, {"last": ""}).fetchall()
        counted = {}
        for schema, name in tables:
            query = f"select count(*) from {schema}.{name} where organization_id = %s"
            row = connection.execute(query.encode(), [organization_id]).fetchone()
            counted[f"{schema}.{name}"] = row[0] if row else 0
    return counted


def test_nothing_of_it_is_left_but_that_it_was_removed(both: Settings) -> None:
    neighbours = rows(both, STAYS)
    before = rows(both, GONE)
    assert before == neighbours
    assert {name for name, count in before.items() if name.startswith("app.") and not count} == set()
    removed = remove_organization(both, GONE, "operator:sample")
    assert removed.keys() >= {"app.audit_log", "app.cliniko_credentials", "marts.dim_patients"}
    assert found_in_dump(both, [GONE, "Vanishingmark"]) == set()
    assert rows(both, STAYS) == neighbours
    assert [chain.findings for chain in verify(both)] == [[]]
    assert (was_removed(both, GONE), was_removed(both, STAYS)) == (True, False)
    with psycopg.connect(both.url("owner")) as connection:
        left = connection.execute("select removed_by from app.removed_organizations").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute("delete from app.audit_log")
    assert left == [("operator:sample",)]


def test_one_that_is_unknown_or_being_synced_is_refused(both: Settings) -> None:
    with pytest.raises(ErasingError, match="no organization is called org_elsewhere"):
        remove_organization(both, "org_elsewhere", "x")
    with psycopg.connect(both.url("owner")) as connection:
        connection.execute(
            """
            insert into app.sync_runs
                (organization_id, status, requested_by, started_at, lease_expires_at, fence)
            values (%s, 'running', 'test', now(), now() + interval '1 minute', 99)
            """,
            [GONE],
        )
    before = rows(both, GONE)
    with pytest.raises(ErasingError, match=f"a sync of {GONE} is running"):
        remove_organization(both, GONE, "x")
    assert rows(both, GONE) == before


def test_no_table_is_forgotten(both: Settings) -> None:
    """Each names its organization in a column that the walk finds, or is listed above."""
    with psycopg.connect(both.url("owner")) as connection:
        walked = {f"{schema}.{name}" for schema, name in connection.execute(TABLES, {"last": ""})}
        tables = {str(row[0]) for row in connection.execute(ALL.encode())}
    assert tables - walked - OF_NOBODY == set()
