"""What a command did by hand, told to Dagster: events without a run, so its pages are right about it too.

`routiq sync`, `routiq build` -> the same events as a run's -> Dagster's tables. A command that could not tell
says so and is as good as before: the truth is in `app.sync_runs` and in the marts.
"""

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from orchestration.instance import dagster_environment, is_prepared
from orchestration.runless import report
from warehouse.settings import Settings

if TYPE_CHECKING:
    from ingestion.sync import SyncResult

ASKED_BY = "routiq {}"


def report_sync(settings: Settings, result: "SyncResult", kind: str) -> None:
    """A sync that counts: its feeds, what they lack, how the clinic stands."""

    def events() -> Iterator[Any]:
        from orchestration.defs.clinics import synced_events  # noqa: PLC0415 - its imports are slow
        from orchestration.defs.ingestion import result_events  # noqa: PLC0415

        yield from result_events(result, kind, ASKED_BY.format("sync"))
        yield from synced_events(settings, result.organization_id)

    _report(settings, [result.organization_id], events)


def report_failed_sync(settings: Settings, organization_id: str) -> None:
    """A sync of which nothing counts: how the clinic stands now, and why."""

    def events() -> Iterable[Any]:
        from orchestration.defs.clinics import synced_events  # noqa: PLC0415 - its imports are slow

        return synced_events(settings, organization_id)

    _report(settings, [organization_id], events)


def report_build(settings: Settings, dbt_events: Iterable[Mapping[str, Any]]) -> None:
    """The models that dbt built and the checks that it ran, and how fresh each clinic is now."""

    def events() -> Iterator[Any]:
        from orchestration.defs.freshness import freshness_events  # noqa: PLC0415 - its imports are slow
        from orchestration.defs.transformation import events_of_dbt  # noqa: PLC0415

        yield from events_of_dbt(dbt_events, ASKED_BY.format("build"))
        yield from freshness_events(settings)

    _report(settings, [], events)


def _report(settings: Settings, partitions: list[str], events: Callable[[], Iterable[Any]]) -> None:
    try:
        if not is_prepared(settings):
            return _not_shown("`routiq up` has not prepared it yet")
        with warnings.catch_warnings(action="ignore"), _instance(settings) as instance:
            if partitions:
                instance.add_dynamic_partitions("organizations", partitions)
            for event in events():
                report(settings, instance, event)
    except Exception as error:  # noqa: BLE001 - whatever it is, what the command was for is done
        _not_shown(f"{type(error).__name__}; its next run shows it")


def _not_shown(why: str) -> None:
    typer.echo(f"routiq: not shown in Dagster: {why}", err=True)


@contextmanager
def _instance(settings: Settings) -> Iterator[Any]:
    from dagster import DagsterInstance  # noqa: PLC0415 - its import takes seconds

    os.environ.update(dagster_environment(settings))
    logging.getLogger("dagster").setLevel(logging.ERROR)
    with DagsterInstance.get() as instance:
        yield instance
