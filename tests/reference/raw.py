"""A clinic as the raw log has it: every accepted version of every record, and the outreach rows.

Nothing is decided here but what the log itself says: which versions are accepted, which one is the latest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from ingestion.cliniko.feeds import FEEDS
from warehouse.settings import Settings

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RawClinic:
    organization_id: str
    versions: Mapping[str, Sequence[Row]]
    outreach: Sequence[Row]
    can_read_invoices: bool


def read_clinic(settings: Settings, organization_id: str) -> RawClinic:
    with psycopg.connect(settings.url("owner"), row_factory=dict_row) as connection:
        versions = {feed.name: _versions(connection, feed.name, organization_id) for feed in FEEDS}
        outreach = connection.execute(
            "select * from app.outreach_log where organization_id = %s", [organization_id]
        ).fetchall()
        allowed = connection.execute(
            "select feeds.status from app.sync_run_feeds as feeds join app.sync_runs as runs"
            " on runs.organization_id = feeds.organization_id and runs.id = feeds.sync_run_id"
            " where feeds.organization_id = %s and feeds.feed = 'invoices'"
            " and feeds.status in ('succeeded', 'forbidden') order by runs.finished_at desc limit 1",
            [organization_id],
        ).fetchone()
    return RawClinic(
        organization_id, versions, outreach, allowed is not None and allowed["status"] == "succeeded"
    )


def _versions(connection: psycopg.Connection[Any], feed: str, organization_id: str) -> list[Row]:
    query = sql.SQL(
        "select * from raw_cliniko.{} as version where organization_id = %(id)s and _dlt_load_id in"
        " (select load_id from app.loads where organization_id = %(id)s)"
    ).format(sql.Identifier(feed))
    rows: list[Row] = connection.execute(query, {"id": organization_id}).fetchall()
    return rows


def current(versions: Sequence[Row]) -> dict[str, Row]:
    """The latest version of each record by (updated_at, seen_at, _dlt_id); a tombstone is a version too."""
    latest: dict[str, Row] = {}
    for version in sorted(versions, key=lambda row: (row["updated_at"], row["seen_at"], row["_dlt_id"])):
        latest[version["id"]] = version
    return latest


def held(versions: Sequence[Row]) -> list[Row]:
    """The current records that Cliniko still holds."""
    return [row for row in current(versions).values() if row["purged_at"] is None]
