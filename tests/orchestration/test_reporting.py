"""What is done by hand is in Dagster's pages as well, and a Dagster that cannot be told stops nobody."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg
import pytest
from typer.testing import CliRunner, Result

from orchestration.cli import app
from orchestration.dagster_home import dagster_environment
from orchestration.errors import CommandError
from warehouse.settings import Settings

CLINICS = dg.AssetKey(["app", "organizations"])
PATIENTS = dg.AssetKey(["cliniko", "patients"])
PUBLICATION = dg.AssetKey(["checks", "publication"])
ORG = "org_a"
pytestmark = pytest.mark.usefixtures("two_clinics")


@pytest.fixture
def stored(dagster_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    for name, value in dagster_environment(dagster_warehouse).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        yield instance


def routiq(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def metadata_of(instance: dg.DagsterInstance, key: dg.AssetKey) -> tuple[str | None, dict[str, Any]]:
    event = instance.get_latest_materialization_event(key)
    assert event is not None, key
    told = event.asset_materialization
    assert told is not None
    return told.partition, {name: value.value for name, value in told.metadata.items()}


def checks(settings: Settings, name: str) -> list[tuple[str | None, str]]:
    """The partition and the outcome of each evaluation, the oldest first."""
    with psycopg.connect(settings.url("owner")) as connection:
        rows = connection.execute(
            "select partition, execution_status from dagster.asset_check_executions"
            " where check_name = %s order by id",
            [name],
        )
        return rows.fetchall()


def test_a_sync_and_a_build_by_hand_are_shown(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    assert routiq("sync", ORG).exit_code == 0
    partition, told = metadata_of(stored, PATIENTS)
    assert partition == ORG
    assert (told["requested_by"], told["outcome"], told["rows_new"] >= 12) == (
        "routiq sync",
        "succeeded",
        True,
    )
    assert stored.get_dynamic_partitions("organizations") == [ORG]
    assert checks(dagster_warehouse, "synced") == [(ORG, "SUCCEEDED")]

    assert routiq("build").exit_code == 0
    assert metadata_of(stored, PUBLICATION)[1]["requested_by"] == "routiq build"
    models = [key for key in code.asset_graph.get_all_asset_keys() if key.path[0] == "marts"]
    assert models
    assert all(stored.get_latest_materialization_event(key) for key in models)
    assert dict(checks(dagster_warehouse, "published_lately"))[ORG] == "SUCCEEDED"
    known = {key.name for key in code.asset_graph.asset_check_keys if key.asset_key.path[0] == "marts"}
    assert all(checks(dagster_warehouse, name) for name in known)

    with psycopg.connect(dagster_warehouse.url("owner")) as connection:
        broken = "update app.cliniko_credentials set wrapped_key = 'x' where organization_id = %s"
        connection.execute(broken, [ORG])
    with pytest.raises(CommandError):
        routiq("sync", ORG)
    assert checks(dagster_warehouse, "synced")[-1] == (ORG, "FAILED")
    assert not stored.get_run_records(), "there is no run to be red for it"


@pytest.mark.parametrize("missing", ["tables", "settings"])
def test_a_dagster_that_cannot_be_told_stops_nobody(dagster_warehouse: Settings, missing: str) -> None:
    with psycopg.connect(dagster_warehouse.url("owner"), autocommit=True) as connection:
        if missing == "tables":
            connection.execute("alter schema dagster rename to dagster_away")
        else:
            (dagster_warehouse.home / "dagster" / "dagster.yaml").rename(dagster_warehouse.home / "away")
        try:
            done = routiq("sync", "org_b")
        finally:
            if missing == "tables":
                connection.execute("drop schema dagster cascade; alter schema dagster_away rename to dagster")
            else:
                (dagster_warehouse.home / "away").rename(dagster_warehouse.home / "dagster" / "dagster.yaml")
    assert done.exit_code == 0
    assert "patients" in done.stdout
    assert "not shown in Dagster" in done.stderr
