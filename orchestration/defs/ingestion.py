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
from orchestration.defs.organizations import organizations
from warehouse.settings import Settings

SYNC_RUN_TAG = "routiq/sync_run_id"
GROUP = "ingestion"
SOURCE = "cliniko"


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
    )


@dg.multi_asset(
    name="feeds", specs=[_spec(feed) for feed in FEEDS], partitions_def=organizations, pool="sync"
)
def feeds(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
    result = _sync(context, "sync")
    for feed, facts in result.feeds.items():
        yield dg.MaterializeResult(asset_key=feed_key(feed), metadata=feed_metadata(facts))


@dg.asset(
    name="sweep",
    key_prefix=SOURCE,
    partitions_def=organizations,
    pool="sync",
    group_name=GROUP,
    kinds={"dlt", "postgres"},
    description="All ids of every feed listed against ours: what is gone gets a tombstone.",
)
def sweep(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    result = _sync(context, "sweep")
    removed = sum(facts["rows_removed"] for facts in result.feeds.values())
    return dg.MaterializeResult(metadata={"removed": removed, "requests": result.requests})


def _sync(context: dg.AssetExecutionContext, kind: Any) -> SyncResult:
    organization_id = context.partition_key
    settings = Settings.load()
    wanted = context.run.tags.get(SYNC_RUN_TAG)
    if wanted:
        note_run(settings, organization_id, UUID(wanted), context.run_id)
    try:
        result = sync_organization(
            settings,
            organization_id,
            sync_run_id=UUID(wanted) if wanted else None,
            kind=kind,
            requested_by="dagster",
            progress=FeedLog(context.log),
        )
    except SyncError as error:
        raise dg.Failure(error.message, metadata={"code": error.code}, allow_retries=False) from None
    if not wanted:
        note_run(settings, organization_id, result.sync_run_id, context.run_id)
    return result


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
    wanted = ("status", "requests", "rows_read", "rows_new", "rows_changed", "rows_removed")
    return {**{name: facts[name] for name in wanted}, "quarantined": facts["rows_quarantined"]}


def note_run(settings: Settings, organization_id: str, sync_run_id: UUID, dagster_run_id: str) -> None:
    """Leave the way from `app.sync_runs` to Dagster's page of the run."""
    with psycopg.connect(settings.url("loader")) as connection:
        connection.execute(
            "update app.sync_runs set dagster_run_id = %s where organization_id = %s and id = %s",
            [dagster_run_id, organization_id, sync_run_id],
        )
