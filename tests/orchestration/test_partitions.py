"""When an organization is removed, Dagster remembers nothing of it, and its neighbour's history stays."""

from collections.abc import Iterator

import dagster as dg
import pytest

from orchestration.defs.organizations import organizations
from orchestration.instance import dagster_environment, prepare_dagster
from orchestration.partitions import forget_partition
from tests.dumps import found_in_dump
from warehouse.settings import Settings

GONE, STAYS = "org_vanishing", "org_staying"


@dg.asset(partitions_def=organizations)
def patients(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    context.log.info("%s: read, as the hourly run says it", context.partition_key)
    return dg.MaterializeResult(metadata={"organization": context.partition_key})


@dg.op
def for_each(context: dg.OpExecutionContext) -> None:
    for name in (GONE, STAYS):
        context.log.info("%s: already_running", name)
        context.log_event(dg.AssetMaterialization(patients.key, partition=name))


@dg.job
def hourly() -> None:
    for_each()


@pytest.fixture
def stored(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance as Dagster's processes have it: its tables are in the warehouse."""
    prepare_dagster(warehouse)
    for name, value in dagster_environment(warehouse).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        yield instance


def test_dagster_remembers_nothing_of_it(warehouse: Settings, stored: dg.DagsterInstance) -> None:
    stored.add_dynamic_partitions("organizations", [GONE, STAYS])
    for name in (GONE, STAYS):
        assert dg.materialize([patients], partition_key=name, instance=stored).success
    assert hourly.execute_in_process(instance=stored).success
    assert found_in_dump(warehouse, [GONE], "--schema=dagster") != set()
    forget_partition(warehouse, GONE)
    assert found_in_dump(warehouse, [GONE], "--schema=dagster") == set()
    assert stored.get_dynamic_partitions("organizations") == [STAYS]
    assert stored.get_materialized_partitions(patients.key) == {STAYS}
    assert len(stored.get_runs()) == 2, "its neighbour's, and the one that was for both"


def test_where_dagster_never_was_there_is_nothing(warehouse: Settings) -> None:
    forget_partition(warehouse, GONE)
