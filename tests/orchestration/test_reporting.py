"""What is done by hand is in Dagster's pages as well, and a Dagster that cannot be told stops nobody."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg
import pytest
from typer.testing import CliRunner, Result

from operations.cli import app
from operations.errors import CommandError
from orchestration.instance import dagster_environment
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


def checks(settings: Settings) -> list[tuple[str, str | None, str]]:
    """Name, partition and outcome of each evaluation, the oldest first."""
    with psycopg.connect(settings.url("owner")) as connection:
        rows = connection.execute(
            "select check_name, partition, execution_status from dagster.asset_check_executions order by id"
        )
        return rows.fetchall()


def test_a_sync_by_hand_is_shown_whole_or_failed(
    dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    done = routiq("sync", ORG)
    assert (done.exit_code, "Dagster" in done.stderr) == (0, False)
    partition, told = metadata_of(stored, PATIENTS)
    assert partition == ORG
    assert told["rows_new"] >= 12
    assert (told["requested_by"], told["outcome"]) == ("routiq sync", "succeeded")
    assert stored.get_dynamic_partitions("organizations") == [ORG]
    assert ("synced", ORG, "SUCCEEDED") in checks(dagster_warehouse)
    assert ("read_whole", ORG, "SUCCEEDED") in checks(dagster_warehouse)

    with psycopg.connect(dagster_warehouse.url("owner")) as connection:
        broken = "update app.cliniko_credentials set wrapped_key = 'x' where organization_id = %s"
        connection.execute(broken, [ORG])
    failed = CliRunner().invoke(app, ["sync", ORG])
    assert isinstance(failed.exception, CommandError)
    assert "Dagster" not in failed.stderr
    assert checks(dagster_warehouse)[-1] == ("synced", ORG, "FAILED")
    assert not stored.get_run_records(), "there is no run to be red for it"


def test_a_build_by_hand_is_shown_with_its_models_and_checks(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    done = routiq("build")
    assert (done.exit_code, "Dagster" in done.stderr) == (0, False)
    assert metadata_of(stored, PUBLICATION)[1]["requested_by"] == "routiq build"
    graph = code.asset_graph
    models = {key for key in graph.get_all_asset_keys() if key.path[0] in {"staging", "marts"}}
    assert len(models) > 40
    assert models <= {record.asset_entry.asset_key for record in stored.get_asset_records(list(models))}
    told = {name for name, _, _ in checks(dagster_warehouse)}
    assert {key.name for key in graph.asset_check_keys if key.asset_key.path[0] == "marts"} <= told
    assert ("published_lately", ORG, "SUCCEEDED") in checks(dagster_warehouse)


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
