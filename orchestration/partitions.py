"""What Dagster keeps of an organization that was removed: its partition, the runs and events that name it.

As rows of Dagster's own tables, because it has no call for it; where it was never started there are none. An
organization's id is looked for as a word; one too short to be told from any word only as a partition.
"""

import re
from typing import LiteralString

import psycopg
from psycopg import sql

from warehouse.settings import Settings

SHORTEST = 5
RUNS = """
select distinct run_id from dagster.run_tags where value = %(organization_id)s
union
select run_id from dagster.runs where partition = %(organization_id)s or run_body ~ %(word)s
"""
OF_RUNS = ("event_logs", "run_tags", "asset_check_executions", "runs")
OF_PARTITION = ("event_logs", "asset_check_executions", "dynamic_partitions")
NAMING: dict[LiteralString, LiteralString] = {
    "event_logs": "event",
    "asset_event_tags": "value",
    "asset_check_executions": "evaluation_event",
    "job_ticks": "tick_body",
    "bulk_actions": "body",
    "backfill_tags": "value",
    "asset_daemon_asset_evaluations": "asset_evaluation_body",
    "kvs": "value",
}
# Kept a row each asset; Dagster fills them again at the next event.
REMEMBERED = ("last_materialization", "cached_status_data", "asset_details")
NEVER = r"a\Ab"


def forget_partition(settings: Settings, organization_id: str) -> None:
    """Delete what names the organization, all at once."""
    word = rf"\m{re.escape(organization_id)}\M" if len(organization_id) >= SHORTEST else NEVER
    named: dict[str, object] = {"organization_id": organization_id, "word": word}
    with psycopg.connect(settings.url("owner")) as connection:
        if connection.execute("select to_regclass('dagster.event_logs') is null").fetchone() == (True,):
            return
        named["run_ids"] = [row[0] for row in connection.execute(RUNS, named).fetchall()]
        for table in OF_RUNS:
            _delete(connection, table, "run_id = any(%(run_ids)s)", named)
        for table in OF_PARTITION:
            _delete(connection, table, "partition = %(organization_id)s", named)
        for table, column in NAMING.items():
            _delete(connection, table, f"{column} ~ %(word)s", named)
        for column in REMEMBERED:
            query = sql.SQL("update dagster.asset_keys set {0} = null where {0} ~ %(word)s")
            connection.execute(query.format(sql.Identifier(column)), named)


def _delete(
    connection: psycopg.Connection, table: str, condition: LiteralString, named: dict[str, object]
) -> None:
    query = sql.SQL("delete from {} where {}").format(sql.Identifier("dagster", table), sql.SQL(condition))
    connection.execute(query, named)
