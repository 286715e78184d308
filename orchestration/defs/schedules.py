"""What happens by the clock: all organizations hourly, a sweep weekly, a clean-up daily."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg

from ingestion import retention
from ingestion.settings import RetentionSettings
from orchestration.dbt.build import build_lock
from orchestration.defs.syncing import build_once, every_clinic_was_synced, sweep_all, sync_all
from warehouse import erasing
from warehouse.settings import Settings

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
RUNS_KEPT = timedelta(days=30)
CHECKS_OF_RUNS = "delete from dagster.asset_check_executions where run_id = any(%s)"
USED_KEYS = "delete from app.idempotency_keys where created_at < now() - interval '24 hours'"


@dg.op(description="Deletes raw rows whose load was never accepted: a sync that broke off left them.")
def delete_unaccepted(context: dg.OpExecutionContext) -> None:
    context.log.info("%s rows deleted", retention.delete_unaccepted(Settings.load()))


@dg.op(description="Forgets versions of records that were superseded long ago, if a setting says how long.")
def forget_versions(context: dg.OpExecutionContext) -> None:
    kept_days = RetentionSettings().raw_versions_kept_days
    if kept_days is None:
        context.log.info("all are kept: ROUTIQ_RAW_VERSIONS_KEPT_DAYS is not set")
        return
    context.log.info("%s versions forgotten", retention.forget_versions(Settings.load(), kept_days))


@dg.op(description="Forgets the syncs of more than 90 days ago, but for those that say how old data are.")
def forget_syncs(context: dg.OpExecutionContext) -> None:
    context.log.info("%s syncs forgotten", retention.forget_runs(Settings.load()))


@dg.op(description="Forgets Dagster's own runs of more than 30 days ago, with their events and logs.")
def forget_runs(context: dg.OpExecutionContext) -> None:
    old = dg.RunsFilter(statuses=ENDED, created_before=datetime.now(UTC) - RUNS_KEPT)
    run_ids = [record.dagster_run.run_id for record in context.instance.get_run_records(old)]
    for run_id in run_ids:
        context.instance.delete_run(run_id)
        context.instance.compute_log_manager.delete_logs(prefix=[run_id])
    with psycopg.connect(Settings.load().url("owner")) as connection:
        connection.execute(CHECKS_OF_RUNS, [run_ids])  # which Dagster leaves behind
    context.log.info("%s runs forgotten", len(run_ids))


@dg.op(description="Forgets the idempotency keys of requests that nobody sends again.")
def forget_idempotency_keys(context: dg.OpExecutionContext) -> None:
    with psycopg.connect(Settings.load().url("owner"), autocommit=True) as connection:
        context.log.info("%s keys forgotten", connection.execute(USED_KEYS).rowcount)


@dg.op(pool="build", description="Erases what is left of patients whom Cliniko no longer holds.")
def erase_the_gone(context: dg.OpExecutionContext) -> None:
    settings = Settings.load()
    with build_lock(settings):
        erasures = erasing.erase_the_gone(settings)
    erasing.vacuum(settings, erasures)
    retention.empty_idle_folders(settings)
    context.log.info("%s patients erased", sum(len(erasure.patient_ids) for erasure in erasures))


@dg.job(description="Syncs every organization, then builds once.")
def hourly() -> None:
    every_clinic_was_synced(build_once(sync_all()))


@dg.job(description="Reads every organization whole, finds what is gone, then builds once.")
def weekly() -> None:
    every_clinic_was_synced(build_once(sweep_all()))


@dg.job(description="Deletes what broken syncs left, and forgets what nobody asks about any more.")
def daily() -> None:
    delete_unaccepted()
    forget_versions()
    forget_syncs()
    forget_runs()
    forget_idempotency_keys()
    erase_the_gone()


ON = dg.DefaultScheduleStatus.RUNNING
hourly_schedule = dg.ScheduleDefinition(job=hourly, cron_schedule="17 * * * *", default_status=ON)
weekly_schedule = dg.ScheduleDefinition(job=weekly, cron_schedule="43 2 * * 0", default_status=ON)
daily_schedule = dg.ScheduleDefinition(job=daily, cron_schedule="7 3 * * *", default_status=ON)
