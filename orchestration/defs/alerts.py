"""When something fails, its request is closed, and somebody is told once. No patient is in either.

A clinic's state is told by what `app.sync_runs` says, whoever ran the sync; a job's own failure, such as a
build that broke, by its runs in Dagster.
"""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg
import psycopg

from orchestration.alerts.alerting import deliver, failed_jobs, note_job, note_standings
from orchestration.alerts.standing import find_standings
from orchestration.defs.ingestion import SYNC_RUN_TAG
from orchestration.defs.sync_requests import give_up_request
from orchestration.settings import DagsterSettings
from warehouse.settings import Settings

WILL_RETRY_TAG = "dagster/will_retry"


@dg.run_failure_sensor(
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Closes requests that nobody will finish, and notes jobs that failed by themselves.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> None:
    run = context.dagster_run
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return
    settings = Settings.load()
    if sync_run_id := run.tags.get(SYNC_RUN_TAG):
        give_up_request(settings, sync_run_id, run.run_id)
    broken = _broken_steps(context.get_step_failure_events())
    with psycopg.connect(settings.url("owner"), connect_timeout=5) as connection:
        if broken is not None:
            note_job(connection, run.job_name, "failed", f"the run broke off{broken}", run.run_id)
        elif run.job_name in failed_jobs(connection):
            note_job(connection, run.job_name, "fine", "the run did its part for the others", run.run_id)


def _broken_steps(failures: Sequence[dg.DagsterEvent]) -> str | None:
    """Where the job failed by itself; None if clinics failed in it, which their own alerts tell.

    Our steps raise `dagster.Failure` for a clinic that could not be synced or published. Of anything else
    only the kind of error is named: its text may quote data.
    """
    errors = {event.step_key: event.step_failure_data.error for event in failures}
    broken = [
        f"{step} ({(error.cause or error).cls_name})"
        for step, error in errors.items()
        if error is not None and error.cls_name != dg.Failure.__name__
    ]
    if failures and not broken:
        return None
    return f" at {', '.join(broken)}" if broken else " without a word"


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells ROUTIQ_ALERT_URLS of each clinic and job whose state has changed, until it is told.",
)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    platform = DagsterSettings()
    with psycopg.connect(Settings.load().url("owner"), connect_timeout=5, autocommit=True) as connection:
        _note_recovered_jobs(context.instance, connection)
        stale_after = timedelta(hours=platform.stale_after_hours)
        note_standings(connection, find_standings(connection, stale_after))
        told, faults = deliver(connection, platform.alert_addresses, platform.dagster_pages)
    for fault in faults:
        context.log.warning("an alert was not delivered, and is tried again: %s", fault)
    return dg.SkipReason(f"{told} alerts told, {len(faults)} not delivered; a sensor that starts no runs")


def _note_recovered_jobs(instance: dg.DagsterInstance, connection: psycopg.Connection) -> None:
    for job_name, since in failed_jobs(connection).items():
        well = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.SUCCESS], created_after=since)
        for record in instance.get_run_records(well, limit=1):
            note_job(connection, job_name, "fine", "the last run came through", record.dagster_run.run_id)
