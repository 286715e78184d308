"""Queued rows of `app.sync_runs` become runs: one row, one run, by the row's id as run key."""

from uuid import UUID

import dagster as dg
import psycopg

from orchestration.defs.ingestion import SYNC_RUN_TAG
from orchestration.defs.organizations import PARTITIONS, organizations
from orchestration.defs.syncing import build_once, sync_one
from warehouse import sync_runs
from warehouse.settings import Settings


@dg.job(partitions_def=organizations, description="Syncs one organization and builds what came.")
def sync_and_build() -> None:
    build_once(sync_one())


QUEUED = """
select organization_id, id::text from app.sync_runs
join app.organizations using (organization_id)
where status = 'queued' and is_active
order by requested_at
limit 50
"""


@dg.sensor(
    job=sync_and_build,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts what was asked for by the API.",
)
def sync_requests(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    with psycopg.connect(Settings.load().url("loader"), connect_timeout=5) as connection:
        queued = connection.execute(QUEUED).fetchall()
    if not queued:
        return dg.SkipReason("nothing is queued")
    known = context.instance.get_dynamic_partitions(PARTITIONS)
    new = sorted({organization_id for organization_id, _ in queued} - set(known))
    return dg.SensorResult(
        run_requests=[_request(organization_id, sync_run_id) for organization_id, sync_run_id in queued],
        dynamic_partitions_requests=[organizations.build_add_request(new)] if new else [],
    )


def _request(organization_id: str, sync_run_id: str) -> dg.RunRequest:
    return dg.RunRequest(run_key=sync_run_id, partition_key=organization_id, tags={SYNC_RUN_TAG: sync_run_id})


def give_up_request(settings: Settings, sync_run_id: str, dagster_run_id: str) -> None:
    """Close a request whose last run is over without having closed it: it would bar the next one."""
    with psycopg.connect(settings.url("loader")) as connection:
        sync_runs.abandon(connection, UUID(sync_run_id), dagster_run_id)
