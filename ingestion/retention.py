"""Deleting raw rows that nobody will ever read: those of runs that ended without being accepted.

python -m ingestion.retention
"""

import sys

import psycopg
from psycopg import sql

from ingestion.cliniko.feeds import FEEDS
from warehouse.settings import Settings

DATASET = "raw_cliniko"


def delete_unaccepted(settings: Settings) -> int:
    """Delete the rows of loads that were never accepted; returns how many. Run daily.

    As the owner, since the loader deletes nothing. Organizations with a living run are left alone: its load
    is not accepted yet.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        return sum(_delete(connection, feed.name) for feed in FEEDS)


def _delete(connection: psycopg.Connection, feed: str) -> int:
    query = """
        delete from {table} as version
        using (
            select distinct organization_id, _dlt_load_id from {table} as rows
            where not exists (
                select from app.loads
                where loads.organization_id = rows.organization_id and loads.load_id = rows._dlt_load_id
            ) and not exists (
                select from app.sync_runs
                where sync_runs.organization_id = rows.organization_id and status = 'running'
            )
        ) as unaccepted
        where version.organization_id = unaccepted.organization_id
            and version._dlt_load_id = unaccepted._dlt_load_id
    """
    return connection.execute(sql.SQL(query).format(table=sql.Identifier(DATASET, feed))).rowcount


if __name__ == "__main__":
    sys.stdout.write(f"{delete_unaccepted(Settings.load())} rows deleted\n")
