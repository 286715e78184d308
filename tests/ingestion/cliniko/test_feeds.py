"""The table of feeds against the tables that Alembic makes, and against itself."""

import psycopg
import pytest

from ingestion.cliniko.feeds import FEEDS, Column, Feed
from ingestion.pipeline import raw_columns
from tests.ingestion.clinics import FIRST_REQUESTS, QUIET_REQUESTS
from warehouse.settings import Settings

POSTGRES_TYPES = {
    "text": "text",
    "id": "text",
    "link": "text",
    "instant": "timestamp with time zone",
    "date": "date",
    "integer": "bigint",
    "boolean": "boolean",
    "decimal": "numeric",
    "json": "jsonb",
    "phones": "jsonb",
}


def test_every_feed_is_a_raw_table_column_for_column(module_warehouse: Settings) -> None:
    with psycopg.connect(module_warehouse.url("owner")) as connection:
        rows = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'raw_cliniko' and table_name not like '\\_dlt%' order by ordinal_position"
        ).fetchall()
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        tables.setdefault(table, []).append((column, kind))
    assert set(tables) == {feed.name for feed in FEEDS}
    for feed in FEEDS:
        kinds = {column.name: POSTGRES_TYPES[column.kind] for column in feed.columns}
        kinds |= {"seen_at": "timestamp with time zone", "purged_at": "timestamp with time zone"}
        assert tables[feed.name] == [(name, kinds.get(name, "text")) for name in raw_columns(feed)]


def test_a_quiet_sync_asks_37_times() -> None:
    assert (FIRST_REQUESTS, QUIET_REQUESTS) == (15, 37)


def test_the_table_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        Column("x", "varchar")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ends in _id"):
        Column("patient", "link")
    with pytest.raises(ValueError, match="column twice"):
        Feed("x", (Column("id", "id"),))
    with pytest.raises(ValueError, match="hidden_at"):
        Feed("x", (), hiding=("hidden_at",))
