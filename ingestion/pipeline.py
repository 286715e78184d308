"""dlt: one pipeline per organization, appends only, into tables that Alembic made.

dlt carries ready, checked csv files into the raw tables (COPY) and books them. Its schema is ours, frozen:
a surprise column is an error. Its cursors, merges, state and pending packages are not used: a package left by
a killed run may be poisoned or half committed, so its folder is emptied first and everything is extracted
again from our own cursor.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What dlt reads before anything can be passed to it. Its log would quote the row that a COPY refuses.
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
os.environ.setdefault("RESTORE_FROM_DESTINATION", "false")

import dlt
import psycopg
from dlt.common.schema import Schema
from dlt.common.schema.utils import new_table
from dlt.extract.source import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed
from psycopg import sql

from ingestion.cliniko.feeds import FEEDS, Feed
from ingestion.cliniko.reading import RowWriter
from ingestion.cliniko.source import Extract, cliniko_source
from ingestion.errors import SyncError
from warehouse.settings import Role, Settings
from warehouse.sync_runs import Run

DATASET = "raw_cliniko"
SCHEMA = "cliniko"
_DLT_TYPES = {
    "instant": "timestamp",
    "date": "date",
    "integer": "bigint",
    "boolean": "bool",
    "decimal": "decimal",
    "json": "json",
    "phones": "json",
}
RAW_HEAD = ("organization_id", "id", "seen_at", "purged_at", "created_at", "updated_at")
RAW_TAIL = ("_dlt_load_id", "_dlt_id")


def load(settings: Settings, run: Run, extract: Extract) -> str:
    """Extract every feed and append its rows. Returns the load's id; nothing is accepted yet.

    Raises:
        SyncError: what `extract` raised, or `load_failed`.
    """
    raised: list[SyncError] = []
    written: dict[str, int] = {}

    def extract_noting(feed: Feed, writer: RowWriter) -> None:
        try:
            extract(feed, writer)
        except SyncError as error:
            raised.append(error)
            raise
        written[feed.name] = writer.count

    with _working_folder(settings, run.organization_id) as folder:
        pipeline = pipeline_for(settings, run.organization_id)
        source = cliniko_source(
            cliniko_schema(), run.organization_id, run.fence, folder, raw_columns, extract_noting
        )
        try:
            info = pipeline.run(source, loader_file_format="csv")
        except PipelineStepFailed as error:
            if raised:
                raise raised[0] from None
            cause = type(error.exception.__cause__ or error.exception).__name__  # its text may quote a row
            raise SyncError("load_failed", f"dlt failed to {error.step} ({cause})") from None
    if not any(written.values()):
        return f"none.{run.id}"
    load_id: str = info.loads_ids[0]
    _check_counts(settings, run.organization_id, load_id, written)
    return load_id


def _check_counts(settings: Settings, organization_id: str, load_id: str, written: dict[str, int]) -> None:
    """dlt's own row counts mean nothing under csv: count what is there."""
    with psycopg.connect(settings.url("loader")) as connection:
        for feed, expected in written.items():
            query = sql.SQL("select count(*) from {} where organization_id = %s and _dlt_load_id = %s")
            found = connection.execute(
                query.format(sql.Identifier(DATASET, feed)), [organization_id, load_id]
            ).fetchone()
            if found is None or found[0] != expected:
                raise SyncError("load_failed", f"{feed}: not every row arrived in the raw table")


def raw_columns(feed: Feed) -> list[str]:
    """The columns of a raw table, in its order."""
    return [*RAW_HEAD, *(column.name for column in feed.kept), *RAW_TAIL]


def dlt_columns(feed: Feed) -> list[dict[str, Any]]:
    kinds = {column.name: _DLT_TYPES.get(column.kind, "text") for column in feed.columns}
    kinds |= {"seen_at": "timestamp", "purged_at": "timestamp"}
    required = {"organization_id", "id", "seen_at", *RAW_TAIL}
    return [
        {
            "name": name,
            "data_type": kinds.get(name, "text"),
            "nullable": name not in required,
        }
        for name in raw_columns(feed)
    ]


def cliniko_schema() -> Schema:
    """The same for every organization, so that its version is stored once and only compared afterwards."""
    schema = Schema(SCHEMA)
    for feed in FEEDS:
        schema.update_table(new_table(feed.name, write_disposition="append", columns=dlt_columns(feed)))  # type: ignore[arg-type]
    schema.set_schema_contract({"tables": "freeze", "columns": "freeze", "data_type": "freeze"})
    return schema


def pipelines_folder(settings: Settings) -> Path:
    folder = settings.home.resolve() / "dlt"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


@contextmanager
def _working_folder(settings: Settings, organization_id: str) -> Iterator[Path]:
    """A place for the csv files; it and the pipeline's own folder begin and end empty: they hold patients."""
    empty_folders(settings, organization_id)
    folder = pipelines_folder(settings) / f"cliniko_{organization_id}.rows"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        empty_folders(settings, organization_id)


def empty_folders(settings: Settings, organization_id: str) -> None:
    """Away with what a killed sync left; only while no other of the organization runs."""
    for name in (f"cliniko_{organization_id}", f"cliniko_{organization_id}.rows"):
        shutil.rmtree(pipelines_folder(settings) / name, ignore_errors=True)


def pipeline_for(settings: Settings, organization_id: str, role: Role = "loader") -> dlt.Pipeline:
    return dlt.pipeline(
        pipeline_name=f"cliniko_{organization_id}",
        pipelines_dir=str(pipelines_folder(settings)),
        destination=dlt.destinations.postgres(settings.url(role)),
        dataset_name=DATASET,
    )


def prepare_dlt(settings: Settings) -> None:
    """Make dlt's own tables, once and as the owner. Two organizations' first loads would race for them."""
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute("select pg_advisory_xact_lock(hashtext('routiq prepare dlt'))")
        with _working_folder(settings, "_prepare"):
            pipeline = pipeline_for(settings, "_prepare", role="owner")
            pipeline.extract(DltSource(cliniko_schema(), SCHEMA, []))
            pipeline.sync_schema()
        for table in ("_dlt_loads", "_dlt_version"):
            connection.execute(
                sql.SQL("grant select, insert on {} to routiq_loader").format(sql.Identifier(DATASET, table))
            )
