"""Is each organization's data fresh? An asset check a partition: a stale clinic hides behind no fresh one."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg

from orchestration.defs.clinics import CLINICS, check_of_each, events_of_all
from orchestration.settings import DagsterSettings
from warehouse.settings import Settings


def freshness_events(settings: Settings) -> list[dg.AssetCheckEvaluation]:
    return events_of_all(settings, _verdicts)


def data_as_of(settings: Settings) -> dict[str, datetime]:
    with psycopg.connect(settings.url("loader"), connect_timeout=5) as connection:
        rows = connection.execute("select organization_id, data_as_of from app.publications")
        return dict(rows.fetchall())


def is_fresh(as_of: datetime | None) -> bool:
    limit = timedelta(hours=DagsterSettings().stale_after_hours)
    return as_of is not None and datetime.now(UTC) - as_of < limit


def _verdicts(settings: Settings, organization_ids: Collection[str]) -> list[dg.AssetCheckEvaluation]:
    known = data_as_of(settings)
    return [_verdict(one, known.get(one)) for one in organization_ids]


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


published_lately = check_of_each(
    "published_lately",
    _verdicts,
    "The data that readers see comes from a sync of the last hours (ROUTIQ_STALE_AFTER_HOURS).",
)
