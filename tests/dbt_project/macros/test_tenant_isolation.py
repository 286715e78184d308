"""What the API reads isolates tenants, and each way of breaking that is noticed, by its right name."""

from typing import LiteralString

import psycopg
import pytest

from tests.dbt_project.clinic import NOON, Clinic, as_api, days
from warehouse.settings import Settings
from warehouse.tenant_isolation.holes import find_holes

# What is done to the database, and what is said about it.
MUTANTS: dict[LiteralString, list[str]] = {
    "alter table marts.fct_visits no force row level security": [
        "marts.fct_visits has row-level security off or not forced"
    ],
    "alter table marts.dim_patients disable row level security": [
        "marts.dim_patients has row-level security off or not forced"
    ],
    "drop policy tenant on marts.fct_visits": ["marts.fct_visits has no policy for the API"],
    "drop policy tenant on marts.fct_visits;"
    " create policy tenant on marts.fct_visits as restrictive for select to routiq_api"
    " using (organization_id = nullif(current_setting('app.organization_id', true), ''))": [
        "marts.fct_visits has no policy for the API"
    ],
    "alter policy tenant on marts.dim_patients to public": [
        "marts.dim_patients has policy tenant for more roles than the API's"
    ],
    "alter policy owner on marts.dim_patients to routiq_owner, routiq_api": [
        "marts.dim_patients has policy owner for more roles than the API's",
        "marts.dim_patients has policy owner that is not the tenant's",
    ],
    "alter policy tenant on marts.dim_patients using (true)": [
        "marts.dim_patients has policy tenant that is not the tenant's"
    ],
    "create policy more on marts.fct_visits for select to routiq_api using (true)": [
        "marts.fct_visits has policy more that is not the tenant's"
    ],
    "alter view marts.active_patients set (security_invoker = false)": [
        "marts.active_patients is a view that runs with its owner's rights"
    ],
    "alter view marts.active_patients reset (security_invoker)": [
        "marts.active_patients is a view that runs with its owner's rights"
    ],
    "grant usage on schema operations to routiq_api;"
    " grant select on operations.organization_counts to routiq_api": [
        "operations.organization_counts is a view that runs with its owner's rights",
        "operations.organization_counts is granted to the API, but is none of its schemas'",
    ],
    "create materialized view marts.all_patients as table marts.dim_patients;"
    " grant select on marts.all_patients to routiq_api": [
        "marts.all_patients is a materialized view: row-level security does not reach it"
    ],
    "create foreign data wrapper far; create server far foreign data wrapper far;"
    " create foreign table marts.far_patients (organization_id text) server far;"
    " grant select on marts.far_patients to routiq_api": [
        "marts.far_patients is a foreign table: row-level security does not reach it"
    ],
    "create table marts.copied as table marts.dim_patients; grant select on marts.copied to routiq_api": [
        "marts.copied has no policy for the API",
        "marts.copied has row-level security off or not forced",
    ],
    "create table marts.parts (organization_id text) partition by list (organization_id);"
    " create table marts.part_a partition of marts.parts for values in ('org_a');"
    " grant select on marts.part_a to routiq_api": [
        "marts.part_a has no policy for the API",
        "marts.part_a has row-level security off or not forced",
    ],
    "create table marts.heirs () inherits (marts.dim_patients);"
    " grant select (last_name) on marts.heirs to routiq_api": [
        "marts.heirs has no policy for the API",
        "marts.heirs has row-level security off or not forced",
    ],
    "create sequence marts.counter; grant usage on sequence marts.counter to routiq_api": [
        "marts.counter is a sequence: row-level security does not reach it"
    ],
    "grant select on raw_cliniko.patients to routiq_api": [
        "raw_cliniko.patients has no policy for the API",
        "raw_cliniko.patients has row-level security off or not forced",
        "raw_cliniko.patients is granted to the API, but is none of its schemas'",
    ],
    "grant select (last_name) on raw_cliniko.patients to public": [
        "raw_cliniko.patients has no policy for the API",
        "raw_cliniko.patients has row-level security off or not forced",
        "raw_cliniko.patients is granted to the API, but is none of its schemas'",
        "raw_cliniko.patients shows the operator what it must not see: last_name",
    ],
    "grant select (sealed_api_key) on app.cliniko_credentials to routiq_api": [
        "app.cliniko_credentials shows the API columns it must not see: sealed_api_key"
    ],
    "grant delete on marts.fct_visits to routiq_api": ["marts.fct_visits lets the API DELETE"],
    "grant update (last_name) on marts.dim_patients to routiq_api": [
        "marts.dim_patients lets the API UPDATE"
    ],
    "alter table marts.fct_visits owner to routiq_api": ["marts.fct_visits belongs to the API's role"],
    "create rule more as on insert to app.outreach_log do also nothing": [
        "app.outreach_log has a rule, which runs with its owner's rights"
    ],
    "drop policy owner on marts.dim_patients": [
        "marts.dim_patients hides rows from the build: no policy shows its owner everything"
    ],
    "alter policy owner on marts.dim_patients using (false)": [
        "marts.dim_patients hides rows from the build: no policy shows its owner everything"
    ],
    "create function marts.leak() returns bigint language sql security definer return 1": [
        "marts.leak() runs with its owner's rights and routiq_api may call it"
    ],
    "create function marts.peep(text) returns boolean language sql leakproof return true": [
        "marts.peep() is marked leakproof: it may see rows before the policy does"
    ],
    "grant execute on function pg_read_file(text) to routiq_api": [
        "pg_read_file() of the system is granted to routiq_api"
    ],
    "alter default privileges for role routiq_owner grant select on tables to routiq_api": [
        "what routiq_owner makes from now on is granted to routiq_api by default"
    ],
    "alter default privileges for role routiq_owner grant select on tables to public": [
        "what routiq_owner makes from now on is granted to everybody by default"
    ],
    "alter role routiq_api set app.organization_id = 'org_main'": [
        "a setting gives routiq_api an organization"
    ],
    "alter role routiq_api bypassrls": ["role routiq_api is a superuser or bypasses row-level security"],
    "alter role routiq_api createrole": [
        "role routiq_api may make roles or databases, or read the log of changes"
    ],
    "grant pg_read_all_data to routiq_operator": ["role routiq_operator is a member of pg_read_all_data"],
    "grant create on schema marts to routiq_api": ["role routiq_api may create in schema marts"],
    "alter schema marts owner to routiq_api": ["role routiq_api owns schema marts"],
    "grant select (patient_id) on app.outreach_log to routiq_operator": [
        "app.outreach_log shows the operator what it must not see: patient_id"
    ],
    "grant update on app.organizations to routiq_operator": ["app.organizations lets the operator write"],
    "grant select (record_id, seen_at) on app.quarantine to routiq_api": [
        "app.quarantine shows the API columns it must not see: record_id, seen_at"
    ],
}


def test_every_table_is_isolated(built: Settings) -> None:
    with psycopg.connect(built.url("api")) as connection:
        assert find_holes(connection) == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_hole_is_found_and_named(built: Settings, mutant: LiteralString) -> None:
    with psycopg.connect(built.url("admin")) as connection:
        connection.execute(mutant)
        holes = find_holes(connection)
        connection.rollback()
    missing = [hole for hole in MUTANTS[mutant] if hole not in holes]
    assert missing == [], holes


def test_every_way_into_the_database_is_looked_at(built: Settings) -> None:
    """Temporary tables come before any schema in the search path; a database lets everybody make them."""
    with psycopg.connect(built.url("admin")) as connection:
        connection.execute(f"grant temporary on database {built.database_name} to public")
        holes = find_holes(connection)
        connection.rollback()
    assert holes == [f"role routiq_{role} may create in the database" for role in ("api", "operator")]


def test_nobody_sees_another_tenant(built: Settings, clinic: Clinic) -> None:
    other = Clinic(built, "org_elsewhere")
    tables = [
        *("dim_patients", "fct_visits", "fct_contacts", "fct_invoices", "active_patients"),
        *("patient_reengagement_master_view", "dim_organizations", "visits_as_of"),
    ]
    for table in tables:
        assert clinic.ask(f"select 1 from marts.{table}"), f"{table}: the test sees nothing at all"
        assert other.ask(f"select 1 from marts.{table}") == []
    with as_api(built, None, NOON + days(1)) as nobody:
        assert nobody.execute("select 1 from marts.dim_patients").fetchall() == []
