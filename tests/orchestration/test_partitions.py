"""What Dagster keeps of an organization: erased by the day, and gone when the organization is."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg
import pytest

from orchestration.dagster_home import dagster_environment
from orchestration.partitions import forget_partition
from tests.dumps import found_in_dump
from warehouse.settings import Settings

PARTITIONS = "organizations"
pytestmark = pytest.mark.usefixtures("two_clinics")


@pytest.fixture
def stored(dagster_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance as Dagster's processes have it: in the warehouse, and in files beside it."""
    for name, value in dagster_environment(dagster_warehouse).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        yield instance


def query(settings: Settings, text: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.url("owner")) as connection:
        return connection.execute(text.encode(), values).fetchall()


def named_by_dagster(settings: Settings, organization_id: str) -> set[str]:
    return found_in_dump(settings, [organization_id], "--schema=dagster")


def test_of_a_removed_organization_dagster_remembers_nothing(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    stored.add_dynamic_partitions(PARTITIONS, ["org_a", "org_b"])
    for name in ("org_a", "org_b"):
        done = code.get_job("sync_and_build").execute_in_process(partition_key=name, instance=stored)
        assert done.success
    assert named_by_dagster(dagster_warehouse, "org_a") != set()
    assert code.get_job("hourly").execute_in_process(instance=stored).success
    forget_partition(dagster_warehouse, "org_a")
    assert named_by_dagster(dagster_warehouse, "org_a") == set()
    assert stored.get_dynamic_partitions(PARTITIONS) == ["org_b"]
    [patients] = [key for key in stored.all_asset_keys() if key.path[-2:] == ["cliniko", "patients"]]
    assert stored.get_materialized_partitions(patients) == {"org_b"}


def test_the_daily_job_erases_whom_cliniko_no_longer_holds(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    [[patient_id]] = query(
        dagster_warehouse,
        """
        with known as (select * from raw_cliniko.patients where organization_id = 'org_b' limit 1)
        insert into raw_cliniko.patients
            (organization_id, id, seen_at, purged_at, created_at, updated_at, _dlt_load_id, _dlt_id)
        select organization_id, id, now(), now(), created_at, updated_at, _dlt_load_id, '~' from known
        returning id
        """,
    )
    assert code.get_job("daily").execute_in_process(instance=stored).success
    left = "select count(last_name), count(*) > 0 from raw_cliniko.patients where id = %s"
    assert query(dagster_warehouse, left, patient_id) == [(0, True)]
