"""The release that keeps every decimal, over the data of the one before: the tables change their type under
the views that readers see, and no view is missing afterwards."""

import runpy
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import alembic.command
import psycopg
import pytest

from orchestration.dbt.build import build
from tests.conftest import create_old_database, drop_database
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dbt_project.readers import relations
from warehouse.bootstrap import alembic_config
from warehouse.settings import Settings

VERSIONS = Path(__file__).parents[2] / "warehouse" / "migrations" / "versions"
# Today's dbt calls functions that a later migration makes.
LATER = runpy.run_path(str(VERSIONS / "0019_one_text.py"))
# What the release before had made: amounts of four decimals, and patients without words beside their phones.
OLDER_TABLES = """
do $$
declare view record;
begin
    create temporary table kept on commit drop as select * from checks.views;
    execute (select 'drop view ' || string_agg(view_name, ', ') from kept);
    drop schema candidates cascade;
    create schema candidates;
    alter table marts.fct_invoices
        alter column total_amount type numeric(20, 4), alter column signed_amount type numeric(20, 4);
    alter table marts.fct_patient_states alter column lifetime_value type numeric(30, 4);
    alter table marts.dim_patients drop column phone_note, drop column has_forbidden_phone;
    alter table staging.stg_cliniko__invoices alter column total_amount type numeric(20, 4);
    for view in select * from kept order by recorded_at loop
        execute view.make;
        execute format('comment on view %s is %L', view.view_name, view.mark);
    end loop;
    insert into app.sync_cursors (organization_id, feed, updated_through, fence)
    values ('org_first', 'patients', now(), 1), ('org_first', 'invoices', now(), 1);
    update checks.rules set digest = 'of the release before';
end $$;
"""


@pytest.fixture(scope="module")
def upgraded(cluster: Settings) -> Iterator[tuple[Settings, list[str], list[str]]]:
    """With the views that readers saw before and after, until the next build."""
    settings = create_old_database(cluster, "amounts", "0013")
    clinic = Clinic(settings, "org_first").create()
    clinic.patient("11")
    clinic.visit("111", "11", NOON - days(3))
    clinic.add("invoices", id="401", patient_id="11", total_amount="85.5")
    clinic.accept()
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(LATER["ISOLATE"] + LATER["HOLES"])
    build(settings)
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(OLDER_TABLES)
        connection.execute("drop function app.isolate_tenants, app.tenant_isolation_holes")
    before = relations(settings, "v")
    alembic.command.upgrade(alembic_config(settings), "head")
    yield settings, before, relations(settings, "v")
    drop_database(cluster, "amounts")


def lifetime_value(settings: Settings) -> Any:
    return Clinic(settings, "org_first").master()["11"]["lifetime_value"]


def test_the_views_stand_as_before(upgraded: tuple[Settings, list[str], list[str]]) -> None:
    settings, before, after = upgraded
    assert before == after
    assert len(after) > 10
    assert lifetime_value(settings) == Decimal("85.5")


def test_patients_are_read_again_and_nothing_else(upgraded: tuple[Settings, list[str], list[str]]) -> None:
    with psycopg.connect(upgraded[0].url("owner")) as connection:
        cursors = connection.execute("select feed from app.sync_cursors").fetchall()
    assert cursors == [("invoices",)]


def test_six_decimals_count_exactly(upgraded: tuple[Settings, list[str], list[str]]) -> None:
    clinic = Clinic(upgraded[0], "org_first")
    clinic.add("invoices", id="402", patient_id="11", total_amount="0.000001")
    clinic.add("invoices", id="403", patient_id="11", total_amount="9999999999999999.123456789")
    clinic.accept()
    assert not build(upgraded[0]).held_back
    assert lifetime_value(upgraded[0]) == Decimal("10000000000000084.623457789")
    assert clinic.ask("select phone_note from marts.dim_patients") == [{"phone_note": None}]
