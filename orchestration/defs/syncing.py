"""The steps of the jobs that sync and then build: ops, not assets, so that a run promises no model it may not
come to. A sync that fails is the one red step; the models after it are not painted with it.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from ingestion.errors import SyncError
from orchestration.defs.clinics import synced_events, worst_last
from orchestration.defs.freshness import freshness_events
from orchestration.defs.ingestion import result_events, sync_clinic, sync_for_run
from orchestration.defs.organizations import active_organizations
from orchestration.defs.transformation import build_events
from warehouse.settings import Settings

BUSY = {"already_running", "already_queued", "paused"}
FAILED_TAG = "routiq/not_synced"
INCOMPLETE_TAG = "routiq/incomplete"
Failures = dict[str, str]


@dg.op(
    pool="sync",
    out=dg.Out(dict),
    description="Syncs the clinic of this run; fails with the reason if nothing of it counts.",
)
def sync_one(context: dg.OpExecutionContext) -> Iterator[Any]:
    yield from sync_clinic(context, "sync")
    yield dg.Output({})


def _sync_each(name: str, kind: Any, description: str) -> dg.OpDefinition:
    @dg.op(name=name, pool="sync", out=dg.Out(dict), description=description)
    def sync_each(context: dg.OpExecutionContext) -> Iterator[Any]:
        settings = Settings.load()
        failures: Failures = {}
        incomplete: list[str] = []
        checks: list[dg.AssetCheckEvaluation] = []
        for organization_id in active_organizations(settings, only_enabled=True):
            try:
                result = sync_for_run(context, settings, organization_id, kind, "schedule")
            except SyncError as error:
                context.log.warning("%s: %s: %s", organization_id, error.code, error.message)
                if error.code not in BUSY:
                    failures[organization_id] = f"{error.code}: {error.message}"
            else:
                incomplete += [organization_id] if result.status == "incomplete" else []
                for event in result_events(result, kind, "schedule"):
                    if isinstance(event, dg.AssetCheckEvaluation):
                        checks.append(event)
                    else:
                        yield event
        yield from worst_last([*checks, *synced_events(settings)])
        _tag(context, {FAILED_TAG: list(failures), INCOMPLETE_TAG: incomplete})
        yield dg.Output(failures)

    return sync_each


sync_all = _sync_each(
    "sync_all", "sync", "One after the other; a broken clinic is noted and the next one goes on."
)
sweep_all = _sync_each(
    "sweep_all", "sweep", "As sync_all, but everything is read again to find what is gone."
)


@dg.op(
    pool="build",
    ins={"failures": dg.In(dict)},
    out=dg.Out(dict),
    description="One build for all that came, whoever could not be synced; then how fresh each clinic is.",
)
def build_once(context: dg.OpExecutionContext, failures: Failures) -> Iterator[Any]:
    settings = Settings.load()
    yield from build_events(context)
    yield from freshness_events(settings)
    yield dg.Output(failures)


@dg.op(
    description="Fails if a clinic could not be synced, and says which and why; the build was not held up."
)
def every_clinic_was_synced(failures: Failures) -> None:
    if failures:
        lines = [f"{organization_id}: {why}" for organization_id, why in sorted(failures.items())]
        raise dg.Failure("\n".join(lines), metadata=failures, allow_retries=False)


def _tag(context: dg.OpExecutionContext, clinics: dict[str, list[str]]) -> None:
    """Have the list of runs name the clinics that something is wrong with."""
    if tags := {name: ", ".join(ids) for name, ids in clinics.items() if ids}:
        context.instance.add_run_tags(context.run_id, tags)
