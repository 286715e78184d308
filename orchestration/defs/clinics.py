"""The clinics as an asset, one partition each: its checks say how each one is, so none hides behind another.

A failed sync is red here, at its clinic, and at the step that failed; the models after it stay as they are.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

import dagster as dg
import psycopg

from orchestration.defs.organizations import active_organizations, organizations
from warehouse.settings import Settings

CLINICS = dg.AssetKey(["app", "organizations"])  # as dagster-dbt names the dbt source
GROUP = "clinics"

clinics = dg.AssetSpec(
    CLINICS,
    partitions_def=organizations,
    group_name=GROUP,
    kinds={"postgres"},
    description="Each clinic that is kept up. Its checks tell whether its last sync was whole, and how old "
    "the data are that its readers see.",
    metadata={"dagster/table_name": "app.organizations"},
)

LAST_RUNS = """
select organizations.organization_id, run.status, run.kind, run.requested_by, run.error_code, run.error_detail
from app.organizations
left join lateral (
    select * from app.sync_runs
    where sync_runs.organization_id = organizations.organization_id and finished_at is not null
    order by finished_at desc
    limit 1
) as run on true
where organizations.organization_id = any(%s)
"""
NEVER = (None, None, None, None, None)


Verdicts = Callable[[Settings, Collection[str]], Iterable[dg.AssetCheckEvaluation]]
"""How each of these clinics is, in the eyes of one check."""


def check_of_each(name: str, verdicts: Verdicts, description: str) -> dg.AssetChecksDefinition:
    """A check with a partition for each clinic."""

    @dg.asset_check(asset=CLINICS, name=name, partitions_def=organizations, description=description)
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        [event] = verdicts(Settings.load(), [context.partition_key])
        return result_of(event)

    return check


def events_of_all(settings: Settings, verdicts: Verdicts, *more: str) -> list[dg.AssetCheckEvaluation]:
    """The same for each clinic that syncs by the hour, and `more`, for a run without partitions."""
    clinics = {*active_organizations(settings, only_enabled=True), *more}
    return worst_last(verdicts(settings, sorted(clinics)))


def worst_last(events: Iterable[dg.AssetCheckEvaluation]) -> list[dg.AssetCheckEvaluation]:
    """Dagster sums a check up by its latest evaluation, whichever partition's: that has to be the worst."""
    return sorted(events, key=lambda one: (not one.passed, one.severity is dg.AssetCheckSeverity.ERROR))


def result_of(event: dg.AssetCheckEvaluation) -> dg.AssetCheckResult:
    """What the check's own run says."""
    return dg.AssetCheckResult(
        asset_key=event.asset_key,
        check_name=event.check_name,
        passed=event.passed,
        severity=event.severity,
        description=event.description,
        metadata=event.metadata,
    )


def synced_events(settings: Settings, *more: str) -> list[dg.AssetCheckEvaluation]:
    return events_of_all(settings, _verdicts, *more)


def _verdicts(settings: Settings, organization_ids: Collection[str]) -> list[dg.AssetCheckEvaluation]:
    with psycopg.connect(settings.url("loader"), connect_timeout=5) as connection:
        rows = connection.execute(LAST_RUNS, [list(organization_ids)]).fetchall()
    known = {row[0]: row[1:] for row in rows}
    return [_verdict(one, *known.get(one, NEVER)) for one in organization_ids]


synced = check_of_each(
    "synced",
    _verdicts,
    "The last sync read everything: an error if it failed, a warning if something is missing.",
)


def _verdict(
    organization_id: str, status: str | None, kind: str, asker: str, code: str, detail: str
) -> dg.AssetCheckEvaluation:
    told: dict[str | None, str] = {
        None: "was never synced",
        "succeeded": "everything was read",
        "incomplete": "not everything was read; the checks `read_whole` of its feeds say what is missing",
    }
    why = told.get(status, f"{code}: {detail}")
    metadata: dict[str, Any] = {"outcome": status or "never synced"}
    if status is not None:
        metadata |= {"kind": kind, "requested_by": asker}
    if code:
        metadata["code"] = code
    return dg.AssetCheckEvaluation(
        asset_key=CLINICS,
        check_name="synced",
        passed=status == "succeeded",
        severity=dg.AssetCheckSeverity.ERROR if status == "failed" else dg.AssetCheckSeverity.WARN,
        description=f"{organization_id}: {why}",
        metadata=metadata,
        partition=organization_id,
    )
