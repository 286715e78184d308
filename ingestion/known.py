"""What is accepted already of one feed: which rows of a page say something new, which ids we hold.

So a record that is read again unchanged is not stored again, and every sync knows what it changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from psycopg import sql

from ingestion.cliniko.feeds import Feed
from ingestion.cliniko.rows import Cell


@dataclass(frozen=True)
class Tombstone:
    """A record we hold and Cliniko does not: the stamps of our latest version."""

    id: str
    created_at: str | None
    updated_at: str | None


class KnownRecords:
    """The accepted versions of one organization's feed."""

    def __init__(self, connection: psycopg.Connection, organization_id: str, feed: Feed) -> None:
        self._connection = connection
        self._organization_id = organization_id
        self._feed = feed.name
        self._names = [column.name for column in feed.columns]
        self._nested = {column.name for column in feed.columns if column.kind in {"json", "phones"}}
        self._table = sql.Identifier("raw_cliniko", feed.name)
        self.is_empty = not self._has_any()

    def _has_any(self) -> bool:
        query = sql.SQL(
            "select exists (select from {} as version join app.loads on loads.organization_id ="
            " version.organization_id and loads.load_id = version._dlt_load_id"
            " where version.organization_id = %s)"
        ).format(self._table)
        row = self._connection.execute(query, [self._organization_id]).fetchone()
        return bool(row and row[0])

    def news(self, rows: Iterable[Sequence[Cell]]) -> dict[str, bool]:
        """The ids among `rows` that are new (True) or differ from what we hold (False)."""
        if self.is_empty:
            return {row[0]: True for row in rows if row[0] is not None}
        page = sql.SQL(", ").join(sql.Identifier("page", name) for name in self._names)
        latest = sql.SQL(", ").join(sql.Identifier("latest", name) for name in self._names)
        query = sql.SQL(
            """
            select page.id, latest.id is null
            from jsonb_populate_recordset(null::{table}, %(page)s::jsonb) as page
            left join lateral ({latest_version}) as latest on true
            where latest.purged_at is not null or ({page}) is distinct from ({latest})
            """
        ).format(table=self._table, page=page, latest=latest, latest_version=self._latest("page.id"))
        parameters = {"page": orjson.dumps([self._record(row) for row in rows]).decode()}
        return dict(
            self._connection.execute(
                query, {**parameters, "organization_id": self._organization_id}
            ).fetchall()
        )

    def _record(self, row: Sequence[Cell]) -> dict[str, Any]:
        return {
            name: orjson.Fragment(cell) if cell is not None and name in self._nested else cell
            for name, cell in zip(self._names, row, strict=True)
        }

    def _latest(self, record_id: str) -> sql.Composed:
        """The latest accepted version of one id, in the order of versions."""
        return sql.SQL(
            """
            select version.* from {table} as version
            join app.loads on loads.organization_id = version.organization_id
                and loads.load_id = version._dlt_load_id
            where version.organization_id = %(organization_id)s and version.id = {record_id}
            order by version.updated_at desc, version.seen_at desc, version._dlt_id desc limit 1
            """
        ).format(table=self._table, record_id=sql.SQL(record_id))

    def held(self) -> dict[str, Tombstone]:
        """Every record that we hold and that is not gone."""
        query = sql.SQL(
            """
            select id, created_at::text, updated_at::text from (
                select distinct on (version.id) version.* from {table} as version
                join app.loads on loads.organization_id = version.organization_id
                    and loads.load_id = version._dlt_load_id
                where version.organization_id = %s
                order by version.id, version.updated_at desc, version.seen_at desc, version._dlt_id desc
            ) as latest
            where purged_at is null
            """
        ).format(table=self._table)
        rows = self._connection.execute(query, [self._organization_id]).fetchall()
        return {row[0]: Tombstone(*row) for row in rows}

    def count_besides(self, ids: Sequence[str]) -> int:
        """How many records we hold, and that are not gone, beside those of `ids`."""
        query = sql.SQL(
            """
            select count(*) from (
                select distinct on (version.id) version.id, version.purged_at
                from {table} as version
                join app.loads on loads.organization_id = version.organization_id
                    and loads.load_id = version._dlt_load_id
                where version.organization_id = %s
                order by version.id, version.updated_at desc, version.seen_at desc, version._dlt_id desc
            ) as latest
            where purged_at is null and id <> all(%s::text[])
            """
        ).format(table=self._table)
        row = self._connection.execute(query, [self._organization_id, list(ids)]).fetchone()
        return int(row[0]) if row else 0

    def unaccounted(self) -> int:
        """How many entries the list had, when last read whole, that are no record we hold or know refused."""
        row = self._connection.execute(
            "select unaccounted from app.sync_cursors where organization_id = %s and feed = %s",
            [self._organization_id, self._feed],
        ).fetchone()
        return int(row[0]) if row else 0
