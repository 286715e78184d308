"""One asset a feed, one partition an organization: `ingestion` reads Cliniko, here is when and for whom.

All feeds are read by one run of `sync_organization`: they share its limiter, its fence and its acceptance. So
this is a plain multi-asset; dagster-dlt would run each dlt source by itself, without any of the three.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import dagster as dg
import psycopg

from ingestion.cliniko.feeds import FEEDS, Feed
from ingestion.errors import SyncError
from ingestion.sync import SyncProgress, SyncResult, sync_organization
from orchestration.defs.clinics import result_of, synced_events
from orchestration.defs.organizations import organizations
from orchestration.runless import report
from warehouse import sync_runs
from warehouse.settings import Settings

SYNC_RUN_TAG = "routiq/sync_run_id"
GROUP = "ingestion"
SOURCE = "cliniko"
SWEEP = "sweep"
READ_WHOLE = "read_whole"


def feed_key(name: str) -> dg.AssetKey:
    """The same key that dagster-dbt gives to the dbt source."""
    return dg.AssetKey([SOURCE, name])


def _spec(feed: Feed) -> dg.AssetSpec:
    return dg.AssetSpec(
        feed_key(feed.name),
        group_name=GROUP,
        kinds={"dlt", "postgres"},
        description=f"Versions of {feed.name.replace('_', ' ')} as Cliniko showed them, append-only.",
        metadata={"dagster/table_name": f"raw_cliniko.{feed.name}", "columns": len(feed.columns)},
        skippable=True,  # a feed that Cliniko does not show is not read, and keeps what it had
    )


def _check_spec(feed: Feed) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        READ_WHOLE,
        asset=feed_key(feed.name),
        partitions_def=organizations,
        description="Every record was taken, with every field; else it says which were not, and why.",
    )


@dg.multi_asset(
    name="feeds",
    specs=[_spec(feed) for feed in FEEDS],
    check_specs=[_check_spec(feed) for feed in FEEDS],
    partitions_def=organizations,
    pool="sync",
)
def feeds(context: dg.AssetExecutionContext) -> Iterator[Any]:
    for event in sync_clinic(context, "sync"):
        if isinstance(event, dg.AssetMaterialization):
            yield dg.MaterializeResult(asset_key=event.asset_key, metadata=event.metadata)
        elif event.check_name == READ_WHOLE:
            yield result_of(event)
        else:
            report(Settings.load(), context.instance, event)  # it is of another asset


@dg.asset(
    name=SWEEP,
    key_prefix=SOURCE,
    partitions_def=organizations,
    pool="sync",
    group_name=GROUP,
    kinds={"dlt", "postgres"},
    description="All ids of every feed listed against ours: what is gone gets a tombstone.",
)
def sweep(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    metadata: dict[str, Any] = {}
    for event in sync_clinic(context, "sweep"):
        if isinstance(event, dg.AssetMaterialization):
            metadata |= event.metadata
        else:
            report(Settings.load(), context.instance, event)
    return dg.MaterializeResult(metadata=metadata)


Event = dg.AssetMaterialization | dg.AssetCheckEvaluation
Context = dg.AssetExecutionContext | dg.OpExecutionContext


def sync_clinic(context: Context, kind: Any) -> Iterator[Event]:
    """Sync the clinic of the run's partition, as its row says if it has one; yields what Dagster is to know.

    Raises:
        dagster.Failure: nothing of it counts; says which clinic and why.
    """
    organization_id, settings = context.partition_key, Settings.load()
    wanted = context.run.tags.get(SYNC_RUN_TAG)
    if wanted:
        note_run(settings, organization_id, UUID(wanted), context.run_id)
    try:
        result = sync_for_run(
            context, settings, organization_id, kind, "dagster", UUID(wanted) if wanted else None
        )
    except SyncError as error:
        yield from synced_events(settings, organization_id)
        if wanted and error.code == "unknown_run":
            return context.log.info("another run has done what this one was asked for")
        raise dg.Failure(
            f"{organization_id}: {error.code}: {error.message}",
            metadata={"organization": organization_id, "code": error.code},
            allow_retries=False,
        ) from None
    yield from result_events(result, kind, "API" if wanted else "Dagster")
    yield from synced_events(settings, organization_id)
    return None


def sync_for_run(
    context: Context,
    settings: Settings,
    organization_id: str,
    kind: Any,
    requested_by: str,
    sync_run_id: UUID | None = None,
) -> SyncResult:
    """Sync one clinic; the run's log tells how it goes and what is missing. Raises SyncError."""
    result = sync_organization(
        settings,
        organization_id,
        sync_run_id=sync_run_id,
        kind=kind,
        requested_by=requested_by,
        progress=FeedLog(context.log),
    )
    note_run(settings, organization_id, result.sync_run_id, context.run_id)
    for problem in result.problems:
        context.log.warning("%s: %s", organization_id, problem.detail)
    return result


def result_events(result: SyncResult, kind: str, asked_by: str) -> list[Event]:
    """What a sync that counts did: each feed that was read, and what each lacks."""
    common = {"requested_by": asked_by, "outcome": result.status, "sync_run_id": str(result.sync_run_id)}
    read = {name: facts for name, facts in result.feeds.items() if facts["status"] == "succeeded"}
    events: list[Event] = [
        dg.AssetMaterialization(
            feed_key(name), partition=result.organization_id, metadata={**feed_metadata(facts), **common}
        )
        for name, facts in read.items()
        if kind != SWEEP
    ]
    if kind == SWEEP:
        events.append(_swept(result, common))
    return [*events, *(_read_whole(result, feed.name) for feed in FEEDS)]


def _swept(result: SyncResult, common: dict[str, str]) -> dg.AssetMaterialization:
    removed = sum(facts["rows_removed"] for facts in result.feeds.values())
    metadata = {"removed": removed, "requests": result.requests, **common}
    return dg.AssetMaterialization(feed_key(SWEEP), partition=result.organization_id, metadata=metadata)


def _read_whole(result: SyncResult, feed: str) -> dg.AssetCheckEvaluation:
    problems = [problem for problem in result.problems if problem.feed == feed]
    return dg.AssetCheckEvaluation(
        asset_key=feed_key(feed),
        check_name=READ_WHOLE,
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(f"{result.organization_id}: {one.detail}" for one in problems) or None,
        metadata={"records": sum(one.records for one in problems), "sync_run_id": str(result.sync_run_id)},
        partition=result.organization_id,
    )


class FeedLog:
    """Says in the run's log which feed is being read, once a feed."""

    def __init__(self, log: Any) -> None:
        self.log = log
        self.feed = ""

    def __call__(self, now: SyncProgress) -> None:
        if now.feed != self.feed:
            self.feed = now.feed
            self.log.info("%s: %s of %s pages read so far", now.feed, now.pages_done, now.pages_total)


def feed_metadata(facts: dict[str, Any]) -> dict[str, Any]:
    """What one feed's part of a sync says for itself; dlt's own row counts are wrong with csv."""
    wanted = ("requests", "rows_read", "rows_new", "rows_changed", "rows_removed")
    counts = {name: facts[name] for name in wanted}
    return {**counts, "refused": facts["rows_quarantined"], "blanked": facts["rows_blanked"]}


def note_run(settings: Settings, organization_id: str, sync_run_id: UUID, dagster_run_id: str) -> None:
    """Leave the way from `app.sync_runs` to Dagster's page of the run."""
    with psycopg.connect(settings.url("loader")) as connection:
        sync_runs.note_dagster_run(connection, organization_id, sync_run_id, dagster_run_id)
