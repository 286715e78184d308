"""The project itself: its unit tests pass against a real database, and publishing comes last."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.dbt.build import PROJECT, dbt_environment, dbt_home
from warehouse.settings import Settings


def test_unit_tests_pass(built: Settings) -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "test", "--project-dir", str(PROJECT)),
            *("--select", "test_type:unit"),
        ],
        env=os.environ | dbt_environment(built),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "ERROR=0" in done.stdout
    assert " PASS=0" not in done.stdout


@pytest.fixture(scope="module")
def manifest(built: Settings) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((dbt_home(built) / "target" / "manifest.json").read_text())
    return content


def test_publishing_waits_for_whatever_is_served(manifest: dict[str, Any]) -> None:
    """It is no node that could name some of them: dbt runs its only hook at the end after all nodes."""
    hooks = [node for node in manifest["nodes"].values() if "on-run-end" in node["tags"]]
    assert [hook["raw_code"] for hook in hooks] == ["{{ publish(results) }}"]


def test_the_first_reader_gets_a_good_plan(built: Settings) -> None:
    """Without statistics two hundred patients took a hundred times as long as with them."""
    with psycopg.connect(built.url("owner")) as connection:
        unknown = connection.execute(
            "select relname from pg_class where relnamespace = 'marts'::regnamespace"
            " and relname in ('dim_patients', 'fct_visits', 'fct_contacts', 'fct_invoices') and reltuples < 1"
        ).fetchall()
    assert unknown == []
