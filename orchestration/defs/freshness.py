"""Is each organization's data fresh? An asset check a partition: a stale clinic hides behind no fresh one."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg

from orchestration.defs.ingestion import feed_key
from orchestration.defs.organizations import active_organizations, organizations
from orchestration.defs.transformation import models
from orchestration.settings import PlatformSettings
from warehouse.settings import Settings

CHECKED = feed_key("patients")


@dg.asset_check(
    asset=CHECKED,
    name="published_lately",
    partitions_def=organizations,
    additional_deps=[key for key in models.keys if key.path[-1] == "publication"],
    description="The data that readers see comes from a sync of the last hours (ROUTIQ_STALE_AFTER_HOURS).",
)
def published_lately(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    organization_id = context.partition_key
    as_of = data_as_of(Settings.load()).get(organization_id)
    return dg.AssetCheckResult(
        passed=is_fresh(as_of), severity=dg.AssetCheckSeverity.WARN, metadata=_metadata(as_of)
    )


def freshness_events(settings: Settings) -> list[dg.AssetCheckEvaluation]:
    """The same verdict for every organization that syncs by the hour, for a run without partitions."""
    known = data_as_of(settings)
    return [
        dg.AssetCheckEvaluation(
            asset_key=CHECKED,
            check_name="published_lately",
            passed=is_fresh(known.get(organization_id)),
            severity=dg.AssetCheckSeverity.WARN,
            metadata=_metadata(known.get(organization_id)),
            partition=organization_id,
        )
        for organization_id in active_organizations(settings, only_enabled=True)
    ]


def data_as_of(settings: Settings) -> dict[str, datetime]:
    with psycopg.connect(settings.url("loader"), connect_timeout=5) as connection:
        rows = connection.execute("select organization_id, data_as_of from app.publications")
        return dict(rows.fetchall())


def is_fresh(as_of: datetime | None) -> bool:
    limit = timedelta(hours=PlatformSettings().stale_after_hours)
    return as_of is not None and datetime.now(UTC) - as_of < limit


def _metadata(as_of: datetime | None) -> dict[str, dg.MetadataValue]:
    return {"data_as_of": dg.MetadataValue.text(as_of.isoformat() if as_of else "never")}
