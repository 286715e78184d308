"""The feeds of one organization as a dlt source: one resource a feed, each yielding one checked csv file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.common.schema import Schema
from dlt.extract import DltResource
from dlt.extract.source import DltSource

from ingestion.cliniko.feeds import FEEDS, Feed
from ingestion.cliniko.reading import RowWriter

Extract = Callable[[Feed, RowWriter], None]
"""Reads a feed to its end and writes its rows; what it raises ends the load."""


def cliniko_source(
    schema: Schema,
    organization_id: str,
    fence: int,
    folder: Path,
    columns: Callable[[Feed], list[str]],
    extract: Extract,
) -> DltSource:
    resources = [
        _resource(feed, organization_id, fence, folder / f"{feed.name}.csv", columns(feed), extract)
        for feed in FEEDS
    ]
    return DltSource(schema, "cliniko", resources)


def _resource(
    feed: Feed, organization_id: str, fence: int, path: Path, columns: list[str], extract: Extract
) -> DltResource:
    def rows() -> Iterator[Any]:
        load_id: str = dlt.current.load_package_state()["load_id"]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = RowWriter(file, organization_id, load_id, fence)
            writer.header(columns)
            extract(feed, writer)
        if writer.count:
            yield dlt.mark.with_file_import(str(path), "csv", writer.count)

    return dlt.resource(rows, name=feed.name, write_disposition="append", parallelized=False)
