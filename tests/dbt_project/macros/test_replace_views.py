"""A release that changes rules and views: all is computed anew, and no reader misses a view meanwhile."""

import time
from typing import Any

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import BuildError, build
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dbt_project.readers import Ask, reading, relations
from warehouse.settings import Settings

# As an older release would have left them: rows by other rules, a table it did not fill, a column it did
# not know, one that moved, another text, a view that is no model any more.
OLDER_RELEASE = """
update checks.rules set digest = 'of yesterday';
update marts.dim_patients set first_name = 'by other rules';
truncate marts.fct_visits;
alter table staging.stg_cliniko__invoices drop column number;
alter view marts.active_patients rename column contact_name to called;
comment on view marts.active_patients is 'sql of yesterday';
comment on view marts.visits_as_of is 'sql of yesterday';
create view marts.retired with (security_invoker) as select patient_id from marts.active_patients;
comment on view marts.retired is 'sql of yesterday';
grant select on marts.retired to routiq_api;
create schema analysts;
create view analysts.own as select called from marts.active_patients;
"""


@pytest.fixture(scope="module")
def released(module_warehouse: Settings) -> Settings:
    clinic = Clinic(module_warehouse, "org_first").create()
    clinic.patient("11")
    clinic.visit("111", "11", NOON - days(3))
    clinic.accept()
    build(module_warehouse)
    with psycopg.connect(module_warehouse.url("owner")) as connection:
        connection.execute(OLDER_RELEASE)
    return module_warehouse


def all_views(names: list[str]) -> Ask:
    """All in one transaction, so that locks on some are held while others are asked for."""

    def ask(connection: psycopg.Connection[dict[str, Any]]) -> object:
        for name in names:
            connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("marts", name)))
        time.sleep(0.01)
        return None

    return ask


def columns(settings: Settings, view: str) -> list[str]:
    with psycopg.connect(settings.url("owner")) as connection:
        found = connection.execute(sql.SQL("select * from {} limit 0").format(sql.Identifier("marts", view)))
        return [column.name for column in found.description or ()]


def version(settings: Settings) -> int:
    [row] = Clinic(settings, "org_first").ask("select data_version from app.publications")
    return int(row["data_version"])


def test_what_others_built_upon_a_view_is_not_dropped(released: Settings) -> None:
    with pytest.raises(BuildError, match="publication"):
        build(released)
    assert "called" in columns(released, "active_patients")
    with psycopg.connect(released.url("owner")) as connection:
        connection.execute("select called from analysts.own")
        connection.execute("drop view analysts.own")


def test_views_are_replaced_while_they_are_read(released: Settings) -> None:
    names = [name for name in relations(released, "v") if name != "retired"]
    before = version(released)
    with reading(released, "org_first", all_views(names), all_views(names[::-1]), all_views(names)) as seen:
        result = build(released)
    assert (result.published, result.rows_written, seen.errors) == (["org_first"], 2, [])
    assert len(seen.answers) > 20
    assert "contact_name" in columns(released, "active_patients")
    assert relations(released, "v") == names
    assert version(released) == before + 1
