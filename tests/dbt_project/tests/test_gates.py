"""Each check can fail, and sees rows when it looks; isolation that hides rows from the build is mended."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import PROJECT, build, dbt_environment, dbt_home
from tests.dbt_project.clinic import Clinic
from tests.dbt_project.generations import FIRST, draw
from warehouse.settings import Settings
from warehouse.tenant_isolation.holes import find_holes

HIDDEN = """
drop policy owner on marts.fct_visits;
drop policy owner on marts.dim_patients;
alter policy tenant on marts.fct_invoices using (true);
alter table marts.fct_contacts no force row level security;
"""

WRONG: dict[str, LiteralString] = {"instants_are_believable": "'infinity'", "is_complete": "null"}


@pytest.fixture(scope="module")
def drawn(module_warehouse: Settings) -> Settings:
    for organization_id in (FIRST, "org_other"):
        Clinic(module_warehouse, organization_id).create().accept()
    draw(module_warehouse, 1)
    build(module_warehouse)
    return module_warehouse


def gates(settings: Settings) -> list[dict[str, Any]]:
    nodes = json.loads((dbt_home(settings) / "target" / "manifest.json").read_text())["nodes"].values()
    return [node for node in nodes if "gate" in node["tags"] and node.get("attached_node")]


def test_each_gate_finds_a_row_that_is_wrong(drawn: Settings) -> None:
    checks = gates(drawn)
    assert len(checks) > 20
    with psycopg.connect(drawn.url("owner")) as connection:
        for check in checks:
            spoil(connection, check)
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "test", "--project-dir", str(PROJECT)),
            *("--select", "tag:gate"),
        ],
        env=os.environ | dbt_environment(drawn),
        capture_output=True,
        text=True,
        check=False,
    )
    assert " ERROR=0 " in done.stdout, done.stdout[-2000:]
    with psycopg.connect(drawn.url("owner")) as connection:
        silent = [check["name"] for check in checks if not found(connection, check)]
    assert silent == []


def spoil(connection: psycopg.Connection, check: dict[str, Any]) -> None:
    """Among the candidates a row twice; in what else the check looks at, wrong."""
    table = sql.Identifier("candidates", check["attached_node"].rpartition(".")[2])
    query = (
        "create temporary table spoilt on commit drop as select * from {} where organization_id = %s limit 1"
    )
    connection.execute(sql.SQL(query).format(table), [FIRST])
    if wrong := WRONG.get(check["test_metadata"]["name"]):
        column = sql.Identifier(check["test_metadata"]["kwargs"]["columns"][-1])
        connection.execute(sql.SQL("update spoilt set {} = {}").format(column, sql.SQL(wrong)))
    assert connection.execute(sql.SQL("insert into {} table spoilt").format(table)).rowcount == 1
    connection.commit()


def found(connection: psycopg.Connection, check: dict[str, Any]) -> bool:
    table = sql.Identifier(check["schema"], check["alias"])
    rows = connection.execute(sql.SQL("select distinct organization_id from {}").format(table)).fetchall()
    return rows == [(FIRST,)]


def version(settings: Settings, organization_id: str) -> int:
    [row] = Clinic(settings, organization_id).ask("select data_version from app.publications")
    return int(row["data_version"])


@pytest.fixture(scope="module")
def built_again(drawn: Settings) -> Settings:
    with psycopg.connect(drawn.url("owner")) as connection:
        connection.execute(HIDDEN)
        connection.execute("comment on view marts.visits_as_of is 'sql of yesterday'")
        assert len(find_holes(connection)) == 4
    draw(drawn, 2)
    assert build(drawn).published == [FIRST]
    return drawn


def test_a_changed_view_changes_the_answers_to_everybody(built_again: Settings) -> None:
    """What was cached must not be given any more, though none of their rows was written."""
    assert (version(built_again, FIRST), version(built_again, "org_other")) == (2, 2)


def test_broken_isolation_is_mended_before_the_build_reads(built_again: Settings) -> None:
    [patient] = Clinic(built_again, FIRST).ask("select first_name from marts.dim_patients")
    assert patient == {"first_name": "2"}
    with psycopg.connect(built_again.url("api")) as connection:
        assert find_holes(connection) == []
