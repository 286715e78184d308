"""Requests become runs, runs sync and build; a broken clinic is named and stops nobody."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import dagster as dg
import psycopg
import pytest

from ingestion.cliniko.feeds import FEEDS
from orchestration.instance import dagster_environment
from warehouse.settings import Settings

PARTITIONS = "organizations"
pytestmark = pytest.mark.usefixtures("two_clinics")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def stored(dagster_warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The instance as Dagster's processes have it: in the warehouse, and in files beside it."""
    for name, value in dagster_environment(dagster_warehouse).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        yield instance


def query(settings: Settings, text: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.url("owner")) as connection:
        cursor = connection.execute(text, values)
        return cursor.fetchall() if cursor.description else []


def evaluate(
    code: dg.RepositoryDefinition, name: str, instance: dg.DagsterInstance
) -> dg.SensorResult | None:
    sensor = code.get_sensor_def(name)
    with dg.build_sensor_context(instance=instance, repository_def=code) as context:
        answer = sensor(context)
    return answer if isinstance(answer, dg.SensorResult) else None


def queue(settings: Settings, organization_id: str) -> str:
    """As the API queues."""
    [[sync_run_id]] = query(
        settings,
        "insert into app.sync_runs (organization_id, requested_by) values (%s, 'api') returning id",
        organization_id,
    )
    return str(sync_run_id)


def partition_changes(result: dg.SensorResult | None) -> dict[str, list[str]]:
    requests = (result.dynamic_partitions_requests if result else None) or []
    return {
        type(one).__name__.removesuffix("DynamicPartitionsRequest"): list(one.partition_keys)
        for one in requests
    }


def test_partitions_follow_the_organizations(
    code: dg.RepositoryDefinition,
    instance: dg.DagsterInstance,
) -> None:
    instance.add_dynamic_partitions(PARTITIONS, ["org_b", "org_gone"])
    result = evaluate(code, "organizations_sensor", instance)
    assert partition_changes(result) == {"Add": ["org_a"], "Delete": ["org_gone"]}
    instance.add_dynamic_partitions(PARTITIONS, ["org_a"])
    instance.delete_dynamic_partition(PARTITIONS, "org_gone")
    assert evaluate(code, "organizations_sensor", instance) is None


def test_a_queued_request_is_one_run_with_its_id(
    code: dg.RepositoryDefinition,
    dagster_warehouse: Settings,
    instance: dg.DagsterInstance,
) -> None:
    assert evaluate(code, "sync_requests", instance) is None
    sync_run_id = queue(dagster_warehouse, "org_a")
    result = evaluate(code, "sync_requests", instance)
    again = evaluate(code, "sync_requests", instance)
    assert result is not None
    assert again is not None
    [request] = result.run_requests or []
    assert partition_changes(result) == {"Add": ["org_a"]}, "its partition may not be there yet"
    assert request.run_key == sync_run_id == (again.run_requests or [request])[0].run_key
    with pytest.raises(psycopg.errors.UniqueViolation):
        queue(dagster_warehouse, "org_a")

    instance.add_dynamic_partitions(PARTITIONS, ["org_a"])
    done = code.get_job("sync_and_build").execute_in_process(
        partition_key=request.partition_key, tags=dict(request.tags), instance=instance
    )
    assert done.success
    [[status, run_id]] = query(
        dagster_warehouse, "select status, dagster_run_id from app.sync_runs where id = %s", UUID(sync_run_id)
    )
    assert (status, run_id) == ("succeeded", done.run_id)
    assert query(dagster_warehouse, "select data_version from app.publications") == [(1,)]
    assert evaluate(code, "sync_requests", instance) is None
    check_events(done)


def check_events(done: dg.ExecuteInProcessResult) -> None:
    read = {
        event.asset_key.path[-1]: event.materialization
        for event in done.get_asset_materialization_events()
        if event.asset_key
    }
    assert {feed.name for feed in FEEDS} <= read.keys()
    rows_new = read["patients"].metadata["rows_new"].value
    assert isinstance(rows_new, int)
    assert rows_new >= 12
    assert read["patients"].partition == "org_a"
    assert {"publication", "active_patients"} <= read.keys()
    assert verdicts(done, "published_lately")["org_a"] == (True, "WARN")
    assert verdicts(done, "synced") == {"org_a": (True, "WARN"), "org_b": (False, "WARN")}
    assert verdicts(done, "read_whole") == {"org_a": (True, "WARN")}
    assert read["patients"].metadata["requested_by"].value == "API"
    assert read["patients"].metadata["outcome"].value == "succeeded"
    checks = {check.check_name for check in done.get_asset_check_evaluations()}
    assert any(name.startswith("key_is_unique_") for name in checks)


def test_a_broken_clinic_is_named_and_the_others_are_published(
    code: dg.RepositoryDefinition,
    dagster_warehouse: Settings,
    instance: dg.DagsterInstance,
) -> None:
    query(
        dagster_warehouse,
        "update app.cliniko_credentials set wrapped_key = 'x' where organization_id = 'org_a' returning 1",
    )
    done = code.get_job("hourly").execute_in_process(instance=instance, raise_on_error=False)
    assert not done.success
    [failure] = done.get_step_failure_events()
    assert failure.step_key == "every_clinic_was_synced", "the build did its work"
    told = str(failure.step_failure_data.user_failure_data)
    assert "org_a: sealed: " in told
    assert "org_b" not in told
    run = instance.get_run_by_id(done.run_id)
    assert run is not None
    assert run.tags["routiq/not_synced"] == "org_a"
    published = query(dagster_warehouse, "select organization_id from app.publications order by 1")
    assert published == [("org_a",), ("org_b",)], "what org_a had stays"
    assert partitions_of(done, "patients") == {"org_b"}
    assert verdicts(done, "published_lately") == {"org_a": (True, "WARN"), "org_b": (True, "WARN")}
    assert verdicts(done, "synced") == {"org_a": (False, "ERROR"), "org_b": (True, "WARN")}
    assert list(verdicts(done, "synced")) == ["org_b", "org_a"], "Dagster sums up by the last: the worst"


def test_a_requested_sync_that_fails_is_the_one_red_step_and_no_model_is(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    stored.add_dynamic_partitions(PARTITIONS, ["org_a"])
    done = code.get_job("sync_and_build").execute_in_process(
        partition_key="org_a", instance=stored, raise_on_error=False
    )
    [failure] = done.get_step_failure_events()
    assert failure.step_key == "sync_one"
    assert "org_a: sealed: " in str(failure.step_failure_data.user_failure_data)
    begun = [event.step_key for event in done.all_events if event.event_type_value == "STEP_START"]
    assert begun == ["sync_one"], "the build was not tried"
    promised = "select count(*) from dagster.event_logs where run_id = %s and dagster_event_type like %s"
    assert query(dagster_warehouse, promised, done.run_id, "ASSET_MATERIALIZATION_PLANNED") == [(0,)]
    assert query(dagster_warehouse, promised, done.run_id, "ASSET_FAILED%") == [(0,)]
    assert verdicts(done, "synced") == {"org_a": (False, "ERROR"), "org_b": (True, "WARN")}


def test_a_request_that_another_run_has_done_is_built_and_not_red(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, instance: dg.DagsterInstance
) -> None:
    """The hour's run takes a waiting request along; a run that was tried again may have synced already."""
    instance.add_dynamic_partitions(PARTITIONS, ["org_b"])
    sync_run_id = queue(dagster_warehouse, "org_b")
    taken = (
        "update app.sync_runs set status = 'succeeded', started_at = now(), finished_at = now() where id = %s"
    )
    query(dagster_warehouse, taken, UUID(sync_run_id))
    done = code.get_job("sync_and_build").execute_in_process(
        partition_key="org_b", tags={"routiq/sync_run_id": sync_run_id}, instance=instance
    )
    assert done.success
    assert verdicts(done, "synced")["org_b"] == (True, "WARN")


def partitions_of(done: dg.ExecuteInProcessResult, asset: str) -> set[str | None]:
    return {
        event.materialization.partition
        for event in done.get_asset_materialization_events()
        if event.asset_key and event.asset_key.path[-1] == asset
    }


def verdicts(done: dg.ExecuteInProcessResult, check: str) -> dict[str | None, tuple[bool, str]]:
    """By clinic: whether the check passed, and how bad it is if not."""
    return {
        one.partition: (one.passed, one.severity.value)
        for one in done.get_asset_check_evaluations()
        if one.check_name == check
    }


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_request_that_nobody_will_finish_bars_nobody(dagster_warehouse: Settings, status: str) -> None:
    from orchestration.defs.sync_requests import give_up_request  # noqa: PLC0415 - reads the manifest

    sync_run_id = queue(dagster_warehouse, "org_b")
    query(
        dagster_warehouse,
        """
        update app.sync_runs set status = %s, dagster_run_id = 'run_1', fence = 1, started_at = now(),
            lease_expires_at = now() + interval '1 minute'
        where id = %s
        """,
        status,
        UUID(sync_run_id),
    )
    if status == "running":
        give_up_request(dagster_warehouse, sync_run_id, "run_0")
        assert state_of(dagster_warehouse, sync_run_id) == ("running", None), "another run is doing it"
    give_up_request(dagster_warehouse, sync_run_id, "run_1")
    assert state_of(dagster_warehouse, sync_run_id) == ("failed", "abandoned")


def state_of(settings: Settings, sync_run_id: str) -> tuple[Any, ...]:
    [row] = query(settings, "select status, error_code from app.sync_runs where id = %s", UUID(sync_run_id))
    return row


def test_only_what_was_never_accepted_is_deleted(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings
) -> None:
    insert = """
        insert into raw_cliniko.settings (organization_id, id, seen_at, _dlt_load_id, _dlt_id)
        values ('org_b', %s, now() - interval '2 days', %s, %s) returning 1
    """
    query(dagster_warehouse, insert, "broken", "never_accepted", "a")
    kept = (
        "insert into app.loads (organization_id, load_id, sync_run_id, fence) values ('org_b', 'kept', %s, 1)"
    )
    query(dagster_warehouse, kept, UUID(int=1))
    query(dagster_warehouse, insert, "whole", "kept", "b")
    assert code.get_job("daily").execute_in_process().success
    left = query(dagster_warehouse, "select id from raw_cliniko.settings where id in ('broken', 'whole')")
    assert left == [("whole",)]


def test_runs_of_a_month_ago_are_forgotten(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, stored: dg.DagsterInstance
) -> None:
    """Dagster's own, with their events, checks and logs; those of `app.sync_runs` have tests of their own."""
    hourly, daily = code.get_job("hourly"), code.get_job("daily")
    ended = hourly.execute_in_process(instance=stored, raise_on_error=False).run_id
    underway = stored.create_run_for_job(hourly, status=dg.DagsterRunStatus.STARTED).run_id
    everything = remains(dagster_warehouse, stored, ended)
    for age, left in {"29 days 23 hours": everything, "30 days 1 hour": NOTHING}.items():
        begun = "update dagster.runs set create_timestamp = now() - %s::interval where run_id = any(%s)"
        query(dagster_warehouse, begun, age, [ended, underway])
        assert daily.execute_in_process(instance=stored).success
        assert remains(dagster_warehouse, stored, ended) == left
    assert everything == (True, True, True, True)
    assert stored.get_run_by_id(underway) is not None


NOTHING = (False, False, False, False)


def remains(settings: Settings, instance: dg.DagsterInstance, run_id: str) -> tuple[bool, ...]:
    """Whether there is the run itself, an event of it, a check, a file."""
    checks = "select run_id from dagster.asset_check_executions where run_id = %s"
    return (
        instance.get_run_by_id(run_id) is not None,
        bool(instance.all_logs(run_id)),
        bool(query(settings, checks, run_id)),
        (settings.home / "dagster" / "storage" / run_id).exists(),
    )


def test_idempotency_keys_are_forgotten_after_a_day(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings
) -> None:
    log = """
        with logged as (
            insert into app.outreach_log (organization_id, patient_id, method, outcome, logged_by)
            values ('org_b', '1', 'sms', 'failed', 'user_desk') returning id
        )
        insert into app.idempotency_keys
            (organization_id, subject, key, request_hash, outreach_id, created_at)
        select 'org_b', 'user_desk', %s, '', id, now() - %s::interval from logged
    """
    query(dagster_warehouse, log, "old", "24 hours 1 minute")
    query(dagster_warehouse, log, "young", "23 hours 50 minutes")
    assert code.get_job("daily").execute_in_process().success
    assert query(dagster_warehouse, "select key from app.idempotency_keys") == [("young",)]
    assert query(dagster_warehouse, "select count(*) from app.outreach_log") == [(2,)]
