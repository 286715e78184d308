"""The dbt models as assets and their tests as asset checks: the very build that `routiq build` runs.

Same selection, environment, target folder and lock; only the events go to Dagster as well.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets

from orchestration import rules
from orchestration.build import (
    FULL,
    PROJECT,
    REPOSITORY,
    build_lock,
    dbt_arguments,
    dbt_environment,
    dbt_home,
    outcome,
    vacuum_after,
)
from orchestration.dbt_manifest import manifest_path
from warehouse.settings import HomeSettings, Settings

MANIFEST = manifest_path(HomeSettings().home)


@dbt_assets(manifest=MANIFEST, name="models", pool="build")
def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
    yield from build_events(context)


def build_events(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[Any]:
    """Build and publish, telling Dagster node by node; fails at the end for organizations held back.

    Raises:
        dagster.Failure: an organization keeps its last good data because checks failed; the others are out.
    """
    settings = Settings.load()
    with build_lock(settings):
        more = FULL if rules.have_changed(settings) else []
        yield from _invoke_dbt(context, settings, more).stream()
        rules.remember(settings)
        published, held_back, rows_written = outcome(settings)
    vacuum_after(settings, rows_written)
    context.log.info("published %s: %s rows written", ", ".join(published) or "nothing new", rows_written)
    if held_back:
        raise dg.Failure(
            f"held back by checks, they keep their last good data: {', '.join(sorted(held_back))}",
            metadata={name: ", ".join(checks) for name, checks in held_back.items()},
            allow_retries=False,
        )


def _invoke_dbt(
    context: dg.AssetExecutionContext | dg.OpExecutionContext, settings: Settings, more: list[str]
) -> DbtCliInvocation:
    is_asset = isinstance(context, dg.AssetExecutionContext)
    dbt = DbtCliResource(
        project_dir=str(PROJECT),
        profiles_dir=str(REPOSITORY),
        dbt_executable=str(Path(sys.executable).parent / "dbt"),
    )
    with _environment(dbt_environment(settings)):
        return dbt.cli(
            dbt_arguments(*more),
            manifest=None if is_asset else MANIFEST,
            context=context,
            target_path=dbt_home(settings) / "target",
        )


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """dagster-dbt hands dbt the environment of this process and takes no other."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
