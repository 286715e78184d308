"""What the API's role can read is walled, and each way of breaking the wall is noticed."""

import psycopg
import pytest

from tests.dbt_project.clinic import NOON, Clinic, as_api, days
from warehouse.settings import Settings
from warehouse.wall import find_holes

MUTANTS = {
    "force dropped": "alter table marts.fct_visits no force row level security",
    "row-level security off": "alter table marts.dim_patients disable row level security",
    "policy dropped": "drop policy tenant on marts.fct_visits",
    "policy for all roles": "alter policy tenant on marts.dim_patients to public",
    "policy lets everything through": "alter policy tenant on marts.dim_patients using (true)",
    "second policy": "create policy more on marts.fct_visits for select to routiq_api using (true)",
    "view as owner": "alter view marts.active_patients set (security_invoker = false)",
    "materialized view": "create materialized view marts.all_patients as table marts.dim_patients;"
    " grant select on marts.all_patients to routiq_api",
    "raw granted": "grant select on raw_cliniko.patients to routiq_api",
    "key granted": "grant select on app.cliniko_credentials to routiq_api",
    "may delete": "grant delete on marts.fct_visits to routiq_api",
    "function as owner": "create function marts.leak() returns bigint language sql security definer return 1",
    "bypass": "alter role routiq_api bypassrls",
    "member of owner": "grant routiq_owner to routiq_api",
}


def test_the_wall_stands(built: Settings) -> None:
    with psycopg.connect(built.url("api")) as connection:
        assert find_holes(connection) == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_hole_is_found(built: Settings, mutant: str) -> None:
    with psycopg.connect(built.url("admin")) as connection:
        connection.execute(MUTANTS[mutant])
        assert find_holes(connection)
        connection.rollback()


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
