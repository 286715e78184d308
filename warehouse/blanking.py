"""What of a table is a patient's, and how it goes: columns are blanked, raw records get a tombstone.

Who is erased, and when, is `warehouse.erasing`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
from psycopg import sql

FREE_TEXT = {"outreach_log": ("notes",)}
"""Of the tables of `app` that name a patient, the columns that a person has written."""

COLUMNS = """
select
    pg_namespace.nspname as schema,
    pg_class.relname as name,
    case when (nspname, relname) = ('raw_cliniko', 'patients') then 'id' else 'patient_id' end as key,
    array_agg(attname::text order by attnum) filter (
        where attname !~ '(^|_)id$' and not is_key and (
            type in ('text', 'jsonb', 'date')
            or ((nspname, relname) = ('raw_cliniko', 'patients') and type not like 'timestamp%%')
        )
    ) as personal,
    array_agg(attname::text) filter (where attnotnull) as required
from pg_attribute
join pg_class on pg_class.oid = attrelid
join pg_namespace on pg_namespace.oid = relnamespace
cross join lateral (
    select
        format_type(atttypid, null) as type,
        exists (
            select from pg_index where indrelid = pg_class.oid and indisprimary and attnum = any(indkey)
        ) as is_key
) as facts
where
    relkind = 'r' and attnum > 0 and not attisdropped
    and nspname = any(%(schemas)s)
    and (
        (nspname, relname) = ('raw_cliniko', 'patients')
        or exists (
            select from pg_attribute as own
            where own.attrelid = pg_class.oid and own.attname = 'patient_id' and not own.attisdropped
        )
    )
group by 1, 2, 3
order by 1, 2
"""
TOMBSTONES = """
insert into raw_cliniko.{table}
    (organization_id, id, seen_at, purged_at, created_at, updated_at, _dlt_load_id, _dlt_id)
select
    organization_id, id, erased_at, erased_at, created_at, updated_at, %(load_id)s,
    %(load_id)s || '.' || id
from (
    select distinct on (version.id) version.*
    from raw_cliniko.{table} as version
    join app.loads on loads.organization_id = version.organization_id
        and loads.load_id = version._dlt_load_id
    where version.organization_id = %(organization_id)s
        and version.id in (
            select id from raw_cliniko.{table}
            where organization_id = %(organization_id)s and {key} = any(%(patient_ids)s)
        )
    order by version.id, version.updated_at desc nulls last, version.seen_at desc, version._dlt_id desc
) as latest
cross join lateral (
    -- by our clock, but never before what Cliniko's said
    select greatest(now(), seen_at + interval '1 microsecond') as erased_at
) as instant
where purged_at is null and {key} = any(%(patient_ids)s)
"""


@dataclass(frozen=True)
class Table:
    """A table that names patients, and its columns that are theirs."""

    schema: str
    name: str
    key: str
    personal: Sequence[str]
    required: Sequence[str]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass
class Erasure:
    """What was erased of one organization: whose, and in which tables how many rows."""

    organization_id: str
    patient_ids: list[str]
    load_id: str = field(default_factory=lambda: f"erased.{uuid4()}")
    rows: dict[str, int] = field(default_factory=dict)

    def count(self, table: str, rows: int) -> None:
        if rows > 0:
            self.rows[table] = self.rows.get(table, 0) + rows

    def has_touched(self, *schemas: str) -> bool:
        return any(table.partition(".")[0] in schemas for table in self.rows)


def tables_of_patients(connection: psycopg.Connection, *schemas: str) -> list[Table]:
    """As the catalogue has them: a column that is added later is found without being told of."""
    rows = connection.execute(COLUMNS, {"schemas": list(schemas)}).fetchall()
    return [
        Table(schema, name, key, personal or (), required or ())
        for schema, name, key, personal, required in rows
    ]


def blank(connection: psycopg.Connection, table: Table, erasure: Erasure) -> None:
    """Of the rows of the erased that say anything yet; those of an accepted load move into the erasure's."""
    if not table.personal:
        return
    blanks = {name: sql.SQL("''" if name in table.required else "null") for name in table.personal}
    settings: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(name), blank) for name, blank in blanks.items()
    ]
    says = [
        sql.SQL("{} is distinct from {}").format(sql.Identifier(name), blank)
        for name, blank in blanks.items()
    ]
    if table.schema == "raw_cliniko":
        settings.append(
            sql.SQL(
                """
                _dlt_load_id = case
                    when exists (
                        select from app.loads
                        where loads.organization_id = held.organization_id
                            and loads.load_id = held._dlt_load_id
                    ) then %(load_id)s else _dlt_load_id
                end
                """
            )
        )
    query = sql.SQL(
        """
        update {table} as held set {settings}
        where organization_id = %(organization_id)s and {key} = any(%(patient_ids)s) and ({says})
        """
    ).format(
        table=table.identifier,
        settings=sql.SQL(", ").join(settings),
        key=sql.Identifier(table.key),
        says=sql.SQL(" or ").join(says),
    )
    erasure.count(f"{table.schema}.{table.name}", connection.execute(query, vars(erasure)).rowcount)


def bury(
    connection: psycopg.Connection, table: Table, erasure: Erasure, patient_ids: Collection[str]
) -> None:
    """Whoever is erased on request is gone, though Cliniko may hold them yet."""
    query = sql.SQL(TOMBSTONES).format(table=sql.Identifier(table.name), key=sql.Identifier(table.key))
    done = connection.execute(query, {**vars(erasure), "patient_ids": list(patient_ids)})
    erasure.count(f"{table.schema}.{table.name}", done.rowcount)
