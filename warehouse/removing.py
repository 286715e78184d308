"""Removing an organization: every row that names it, in every table there is, and its sealed key with them.

The tables are those of the catalogue, so that none can be forgotten. What stays is one line for those who
know the id: that it was removed, when, and by whom.
"""

import psycopg
from psycopg import sql

from warehouse.erased import erasure_key, keyed_hash, remember_removed
from warehouse.erasing import lock_organization
from warehouse.settings import Settings

ORGANIZATIONS = "app.organizations"
TABLES = """
select pg_namespace.nspname, pg_class.relname
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
join pg_attribute on attrelid = pg_class.oid and attname = 'organization_id' and not attisdropped
where relkind in ('r', 'p') and not relispartition and nspname not in ('pg_catalog', 'information_schema')
order by nspname || '.' || relname = %(last)s, 1, 2
"""
KEEPERS = """
select tgname from pg_trigger
where tgrelid = %s::regclass and tgfoid = 'app.refuse_change()'::regprocedure
"""


def remove_organization(settings: Settings, organization_id: str, actor: str) -> dict[str, int]:
    """Remove it and all its data; returns from which tables how many rows.

    Raises:
        ErasingError: there is no such organization, or a sync of it runs.
    """
    rows: dict[str, int] = {}
    with psycopg.connect(settings.url("owner")) as connection:
        lock_organization(connection, organization_id)
        for schema, name in connection.execute(TABLES, {"last": ORGANIZATIONS}).fetchall():
            if count := _empty(connection, sql.Identifier(schema, name), organization_id):
                rows[f"{schema}.{name}"] = count
        connection.execute(
            "insert into app.removed_organizations (organization_hash, removed_by) values (%s, %s)",
            [remember_removed(settings, organization_id), actor],
        )
    _vacuum(settings, rows)
    return rows


def _empty(connection: psycopg.Connection, table: sql.Identifier, organization_id: str) -> int:
    """Also what is append-only: the chain ends with its organization."""
    name = table.as_string(connection)
    keepers = [sql.Identifier(row[0]) for row in connection.execute(KEEPERS, [name]).fetchall()]
    for keeper in keepers:
        connection.execute(sql.SQL("alter table {} disable trigger {}").format(table, keeper))
    query = sql.SQL("delete from {} where organization_id = %s").format(table)
    count = connection.execute(query, [organization_id]).rowcount
    for keeper in keepers:
        connection.execute(sql.SQL("alter table {} enable trigger {}").format(table, keeper))
    return count


def was_removed(settings: Settings, organization_id: str) -> bool:
    """Whether an organization of this id was removed once."""
    with psycopg.connect(settings.url("owner")) as connection:
        row = connection.execute(
            "select from app.removed_organizations where organization_hash = %s limit 1",
            [keyed_hash(erasure_key(settings), organization_id)],
        ).fetchone()
    return row is not None


def _vacuum(settings: Settings, tables: dict[str, int]) -> None:
    """Dead rows go, and the samples of values that the planner keeps."""
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        for name in tables:
            connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(*name.split("."))))
