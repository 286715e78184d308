"""Is each organization's data fresh? An asset check a partition: a stale clinic hides behind no fresh one."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg

from orchestration.defs.clinics import CLINICS, worst_last
from orchestration.defs.organizations import active_organizations, organizations
from orchestration.settings import DagsterSettings
from warehouse.settings import Settings


@dg.asset_check(
    asset=CLINICS,
    name="published_lately",
    partitions_def=organizations,
    description="The data that readers see comes from a sync of the last hours (ROUTIQ_STALE_AFTER_HOURS).",
)
def published_lately(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    organization_id = context.partition_key
    event = _verdict(organization_id, data_as_of(Settings.load()).get(organization_id))
    return dg.AssetCheckResult(
        passed=event.passed,
        severity=event.severity,
        description=event.description,
        metadata=event.metadata,
    )


def freshness_events(settings: Settings) -> list[dg.AssetCheckEvaluation]:
    """The same verdict for every organization that syncs by the hour, for a run without partitions."""
    known = data_as_of(settings)
    return worst_last(
        _verdict(organization_id, known.get(organization_id))
        for organization_id in active_organizations(settings, only_enabled=True)
    )


def data_as_of(settings: Settings) -> dict[str, datetime]:
    with psycopg.connect(settings.url("loader"), connect_timeout=5) as connection:
        rows = connection.execute("select organization_id, data_as_of from app.publications")
        return dict(rows.fetchall())


def is_fresh(as_of: datetime | None) -> bool:
    limit = timedelta(hours=DagsterSettings().stale_after_hours)
    return as_of is not None and datetime.now(UTC) - as_of < limit


def _verdict(organization_id: str, as_of: datetime | None) -> dg.AssetCheckEvaluation:
    since = as_of.isoformat(timespec="seconds") if as_of else "never"
    return dg.AssetCheckEvaluation(
        asset_key=CLINICS,
        check_name="published_lately",
        passed=is_fresh(as_of),
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{organization_id}: data as of {since}",
        metadata={"data_as_of": since},
        partition=organization_id,
    )
