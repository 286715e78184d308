"""The dbt models as assets and their tests as asset checks: the very build that `routiq build` runs.

Same selection, environment, target folder and lock; only the events go to Dagster as well.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliInvocation, DbtCliResource, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.dbt.build import (
    PROJECT,
    REPOSITORY,
    dbt_arguments,
    dbt_environment,
    dbt_home,
    is_publication,
    one_build,
    outcome,
    vacuum_after,
)
from orchestration.dbt.manifest import manifest_path
from orchestration.defs.clinics import CLINICS, GROUP
from warehouse.settings import HomeSettings, Settings

MANIFEST = manifest_path(HomeSettings().home)
PUBLICATION = dg.AssetKey(["checks", "publication"])
Event = dg.AssetMaterialization | dg.AssetCheckEvaluation


class Translator(DagsterDbtTranslator):
    """A model's group is its folder: what it is. Its description goes without SQL: the docs site has that."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        _, folder, *rest = dbt_resource_props["fqn"]
        return str(folder) if rest else f"{dbt_resource_props['resource_type']}s"

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description", "")).strip()


TRANSLATOR = Translator()


def _own_tables() -> list[dg.AssetSpec]:
    """The product's own tables that models read, and what was published before: dagster-dbt would show them
    without a word."""
    sources = json.loads(MANIFEST.read_text())["sources"].values()
    return [
        dg.AssetSpec(
            key,
            group_name=GROUP if source["source_name"] == "app" else "marts",
            kinds={"postgres"},
            description=source["description"],
            metadata={"dagster/table_name": f"{source['schema']}.{source['name']}"},
        )
        for source in sources
        if source["source_name"] in {"app", "published"}
        and (key := TRANSLATOR.get_asset_key(source)) != CLINICS
    ]


own_tables = _own_tables()


def _publication() -> dg.AssetSpec:
    """The end of a build, which is no model: dbt runs it after all that is served and every check of it."""
    nodes = json.loads(MANIFEST.read_text())["nodes"].values()
    return dg.AssetSpec(
        PUBLICATION,
        deps=[
            TRANSLATOR.get_asset_key(node)
            for node in nodes
            if node["resource_type"] == "model" and node["config"]["materialized"].startswith("served")
        ],
        group_name="marts",
        kinds={"dbt", "postgres"},
        description="What readers see moves on for every organization whose checks pass, in one transaction.",
    )


publication = _publication()


@dbt_assets(manifest=MANIFEST, name="models", pool="build", dagster_dbt_translator=TRANSLATOR)
def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
    yield from build_events(context)


def build_events(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> Iterator[Any]:
    """Build and publish, telling Dagster node by node; fails at the end for organizations held back.

    Raises:
        dagster.Failure: an organization keeps its last good data because checks failed; the others are out.
    """
    settings = Settings.load()
    with one_build(settings) as more:
        yield from _invoke_dbt(context, settings, more).stream()
        published, held_back, rows_written = outcome(settings)
    if not (isinstance(context, dg.AssetExecutionContext) and context.is_subset):  # a part publishes nothing
        yield dg.AssetMaterialization(PUBLICATION, metadata={"rows_written": rows_written})
    vacuum_after(settings, rows_written)
    context.log.info("published %s: %s rows written", ", ".join(published) or "nothing new", rows_written)
    if held_back:
        raise dg.Failure(
            f"held back by checks, they keep their last good data: {', '.join(sorted(held_back))}",
            metadata={name: ", ".join(checks) for name, checks in held_back.items()},
            allow_retries=False,
        )


def events_of_dbt(events: Iterable[Mapping[str, Any]], asked_by: str) -> Iterator[Event]:
    """What dbt said of a build that Dagster did not run, in Dagster's words."""
    manifest = json.loads(MANIFEST.read_text())
    for event in events:
        if is_publication(event):
            yield dg.AssetMaterialization(PUBLICATION, metadata={"requested_by": asked_by})
        said = DbtCoreCliEventMessage(raw_event=dict(event), event_history_metadata={})
        for told in said.to_default_asset_events(manifest, TRANSLATOR):
            if isinstance(told, dg.AssetMaterialization):
                yield told._replace(
                    metadata={**told.metadata, "requested_by": dg.TextMetadataValue(asked_by)}
                )
            elif isinstance(told, dg.AssetCheckEvaluation):
                yield told


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
            dagster_dbt_translator=None if is_asset else TRANSLATOR,
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
