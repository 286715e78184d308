"""The code location builds, and one noun keeps its name: feed, raw table, dbt source, asset key."""

import json
from typing import Any

import dagster as dg
import pytest

from ingestion.cliniko.feeds import FEEDS
from orchestration.dbt.manifest import manifest_path
from orchestration.instance import POOLS
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def manifest(dagster_warehouse: Settings) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(manifest_path(dagster_warehouse.home).read_text())
    return document


def test_the_keys_of_feeds_are_those_of_the_dbt_sources(
    code: dg.RepositoryDefinition, manifest: dict[str, Any]
) -> None:
    sources = {
        (source["source_name"], source["name"])
        for source in manifest["sources"].values()
        if source["schema"] == "raw_cliniko"
    }
    assert sources == {("cliniko", feed.name) for feed in FEEDS}
    assert {dg.AssetKey(list(names)) for names in sources} <= code.asset_graph.materializable_asset_keys


def test_every_feed_is_partitioned_by_organization(code: dg.RepositoryDefinition) -> None:
    for feed in FEEDS:
        partitions = code.asset_graph.get(dg.AssetKey(["cliniko", feed.name])).partitions_def
        assert isinstance(partitions, dg.DynamicPartitionsDefinition)
        assert partitions.name == "organizations"


def test_models_are_assets_and_their_tests_are_checks(
    code: dg.RepositoryDefinition, manifest: dict[str, Any]
) -> None:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    names = {key.path[-1] for key in code.asset_graph.materializable_asset_keys}
    assert {model["name"] for model in models} <= names
    checked = {key.name for key in code.asset_graph.asset_check_keys}
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert tests
    assert tests <= checked


@pytest.mark.parametrize("name", ["sync_and_build", "hourly", "weekly"])
def test_a_run_that_syncs_promises_no_asset(code: dg.RepositoryDefinition, name: str) -> None:
    """Dagster paints red what a failed run had promised, whichever step failed."""
    job = code.get_job(name)
    assert not job.asset_layer.executable_asset_keys
    assert "build_once" in {node.name for node in job.nodes}


def test_every_asset_says_what_it_is(code: dg.RepositoryDefinition) -> None:
    graph = code.asset_graph
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert len(node.description or "") > 15, key
        assert "select" not in (node.description or "").lower().split(), key
        assert node.group_name != "default", key
        assert node.kinds, key


def test_models_are_grouped_by_what_they_are(code: dg.RepositoryDefinition, manifest: dict[str, Any]) -> None:
    groups = {code.asset_graph.get(key).group_name for key in code.asset_graph.get_all_asset_keys()}
    folders = {node["fqn"][1] for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    assert groups == folders | {"clinics", "ingestion", "seeds", "docs"}
    assert code.asset_graph.get(dg.AssetKey(["marts", "active_patients"])).group_name == "marts"


def test_what_is_said_of_a_clinic_is_said_by_partition(code: dg.RepositoryDefinition) -> None:
    clinics = dg.AssetKey(["app", "organizations"])
    wanted = {dg.AssetCheckKey(clinics, name) for name in ("synced", "published_lately")}
    wanted |= {dg.AssetCheckKey(dg.AssetKey(["cliniko", feed.name]), "read_whole") for feed in FEEDS}
    for key in wanted:
        partitions = code.asset_graph.get(key).partitions_def
        assert isinstance(partitions, dg.DynamicPartitionsDefinition), key


def test_schedules_and_sensors_are_on(code: dg.RepositoryDefinition) -> None:
    assert {schedule.name for schedule in code.schedule_defs} == {
        "hourly_schedule",
        "weekly_schedule",
        "daily_schedule",
        "docs_site_schedule",
    }
    assert all(schedule.default_status.value == "RUNNING" for schedule in code.schedule_defs)
    assert {sensor.name for sensor in code.sensor_defs} == {
        "organizations_sensor",
        "sync_requests",
        "failed_runs",
        "alerts",
    }
    assert all(sensor.default_status.value == "RUNNING" for sensor in code.sensor_defs)


def test_every_pool_is_one_that_is_set_up(code: dg.RepositoryDefinition) -> None:
    jobs = [code.get_job(name) for name in ("sync_and_build", "hourly", "weekly", "daily")]
    ops = [node.definition for job in jobs for node in job.nodes]
    pools = {op.pool for op in ops if isinstance(op, dg.OpDefinition)}
    assert pools - {None} == POOLS.keys()
