"""From Dagster's runs to somebody's messages: once for a clinic, once for a job, and once when it is over."""

from collections.abc import Iterator

import dagster as dg
import pytest

from sandbox.messages import Sink, run_sink
from tests.orchestration.runs import ended, execute
from warehouse.settings import Settings

pytestmark = pytest.mark.usefixtures("two_clinics")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with run_sink() as sink:
        monkeypatch.setenv("ROUTIQ_ALERT_URLS", sink.address)
        monkeypatch.setenv("ROUTIQ_DAGSTER_URL", "https://dagster.example.com/")
        yield sink


def run(code: dg.RepositoryDefinition, instance: dg.DagsterInstance, job: str) -> str:
    """A run with what follows it: the sensor of failures, if it failed, and the one that tells."""
    done = code.get_job(job).execute_in_process(instance=instance, raise_on_error=False)
    if not done.success:
        context = dg.build_run_status_sensor_context(
            sensor_name="failed_runs",
            dagster_event=done.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=done.dagster_run,
        ).for_run_failure()
        code.get_sensor_def("failed_runs")(context)
    tell(code, instance)
    return done.run_id


def tell(code: dg.RepositoryDefinition, instance: dg.DagsterInstance) -> None:
    with dg.build_sensor_context(instance=instance, repository_def=code) as context:
        code.get_sensor_def("alerts")(context)


def test_a_job_that_fails_by_itself_is_told_once_without_what_the_error_says(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, instance: dg.DagsterInstance, sink: Sink
) -> None:
    execute(dagster_warehouse, "alter table app.idempotency_keys rename to secretly_elsewhere")
    run_id = run(code, instance, "daily")
    [message] = sink.take()
    assert message["title"] == "Routiq: Dagster's job daily: failed"
    assert "at forget_idempotency_keys (UndefinedTable)" in message["message"]
    assert message["message"].endswith(f"https://dagster.example.com/runs/{run_id}")
    assert 'idempotency_keys"' not in str(message)
    run(code, instance, "daily")
    assert sink.take() == []
    execute(dagster_warehouse, "alter table app.secretly_elsewhere rename to idempotency_keys")
    run(code, instance, "daily")
    tell(code, instance)
    assert [message["title"] for message in sink.take()] == ["Routiq: Dagster's job daily: recovered"]


def test_a_build_that_breaks_is_the_jobs_and_a_clinic_that_fails_the_clinics(
    code: dg.RepositoryDefinition, dagster_warehouse: Settings, instance: dg.DagsterInstance, sink: Sink
) -> None:
    execute(dagster_warehouse, "update app.organizations set sync_enabled = false")
    execute(dagster_warehouse, "alter table raw_cliniko.patients rename column first_name to given_name")
    run(code, instance, "hourly")
    [message] = sink.take()
    assert message["title"] == "Routiq: Dagster's job hourly: failed"
    assert "_name" not in str(message)

    execute(dagster_warehouse, "alter table raw_cliniko.patients rename column given_name to first_name")
    execute(
        dagster_warehouse,
        "update app.cliniko_credentials set wrapped_key = 'x' where organization_id = 'org_a'",
    )
    execute(dagster_warehouse, "update app.organizations set sync_enabled = true")
    run(code, instance, "hourly")
    job, clinic = sink.take()[::-1]
    assert job["title"] == "Routiq: Dagster's job hourly: recovered"
    assert clinic["title"] == "Routiq: org_a (org_a): failed"
    assert "the stored Cliniko key does not open" in clinic["message"]
    assert "https://dagster.example.com/runs" in clinic["message"]
    ended(dagster_warehouse, "org_a", "failed", error_code="sealed")
    tell(code, instance)
    assert sink.take() == []
    ended(dagster_warehouse, "org_a", "succeeded", dagster_run_id="run-9")
    tell(code, instance)
    [message] = sink.take()
    assert message["title"] == "Routiq: org_a (org_a): recovered"
    assert message["message"].endswith("/runs/run-9")
