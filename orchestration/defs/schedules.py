"""What happens by the clock: all organizations hourly, a sweep weekly, a clean-up daily."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg

from ingestion import retention
from ingestion.errors import SyncError
from ingestion.settings import RetentionSettings
from ingestion.sync import SyncResult, sync_organization
from orchestration.defs.freshness import freshness_events
from orchestration.defs.ingestion import FeedLog, feed_key, feed_metadata, note_run
from orchestration.defs.organizations import active_organizations
from orchestration.defs.transformation import build_events
from warehouse.settings import Settings

BUSY = {"already_running", "already_queued", "paused"}
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
RUNS_KEPT = timedelta(days=30)
CHECKS_OF_RUNS = "delete from dagster.asset_check_executions where run_id = any(%s)"
USED_KEYS = "delete from app.idempotency_keys where created_at < now() - interval '24 hours'"


@dg.op(pool="sync", description="One after the other; a broken clinic is noted and the next one goes on.")
def sync_all(context: dg.OpExecutionContext) -> dict[str, str]:
    return _for_each(context, "sync", _report_feeds)


@dg.op(pool="sync", description="As sync_all, but everything is read again to find what is gone.")
def sweep_all(context: dg.OpExecutionContext) -> dict[str, str]:
    return _for_each(context, "sweep", _report_sweep)


@dg.op(
    pool="build",
    ins={"failures": dg.In(dict)},
    out=dg.Out(dict),
    description="One build for all that came; fails at the end if a clinic could not be synced.",
)
def build_once(context: dg.OpExecutionContext, failures: dict[str, str]) -> Iterator[Any]:
    yield from build_events(context)
    yield from freshness_events(Settings.load())
    yield dg.Output(failures)
    if failures:
        raise dg.Failure(
            f"could not be synced: {', '.join(sorted(failures))}", metadata=failures, allow_retries=False
        )


def _for_each(
    context: dg.OpExecutionContext, kind: Any, report: Callable[[dg.OpExecutionContext, SyncResult], None]
) -> dict[str, str]:
    settings = Settings.load()
    failures: dict[str, str] = {}
    for organization_id in active_organizations(settings, only_enabled=True):
        try:
            result = sync_organization(
                settings, organization_id, kind=kind, requested_by="schedule", progress=FeedLog(context.log)
            )
        except SyncError as error:
            context.log.warning("%s: %s: %s", organization_id, error.code, error.message)
            if error.code not in BUSY:
                failures[organization_id] = error.code
        else:
            note_run(settings, organization_id, result.sync_run_id, context.run_id)
            report(context, result)
    return failures


def _report_feeds(context: dg.OpExecutionContext, result: SyncResult) -> None:
    for feed, facts in result.feeds.items():
        _materialized(context, feed, result.organization_id, feed_metadata(facts))


def _report_sweep(context: dg.OpExecutionContext, result: SyncResult) -> None:
    removed = sum(facts["rows_removed"] for facts in result.feeds.values())
    _materialized(context, "sweep", result.organization_id, {"removed": removed, "requests": result.requests})


def _materialized(
    context: dg.OpExecutionContext, name: str, organization_id: str, metadata: Mapping[str, Any]
) -> None:
    context.log_event(
        dg.AssetMaterialization(feed_key(name), partition=organization_id, metadata=dict(metadata))
    )


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


@dg.job(description="Syncs every organization, then builds once.")
def hourly() -> None:
    build_once(sync_all())


@dg.job(description="Reads every organization whole, finds what is gone, then builds once.")
def weekly() -> None:
    build_once(sweep_all())


@dg.job(description="Deletes what broken syncs left, and forgets what nobody asks about any more.")
def daily() -> None:
    delete_unaccepted()
    forget_versions()
    forget_syncs()
    forget_runs()
    forget_idempotency_keys()


ON = dg.DefaultScheduleStatus.RUNNING
hourly_schedule = dg.ScheduleDefinition(job=hourly, cron_schedule="17 * * * *", default_status=ON)
weekly_schedule = dg.ScheduleDefinition(job=weekly, cron_schedule="43 2 * * 0", default_status=ON)
daily_schedule = dg.ScheduleDefinition(job=daily, cron_schedule="7 3 * * *", default_status=ON)
