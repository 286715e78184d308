"""What superseded versions say is said without them: the one reader of the raw log finds the same rows."""

from pathlib import Path

import jinja2
import psycopg
import pytest
from psycopg import sql

from ingestion.cliniko.feeds import FEEDS
from ingestion.retention import forget_versions
from tests.dbt_project.histories import History
from warehouse.settings import Settings

MACRO = Path("dbt_project/macros/latest_versions.sql")
SCHEMAS = {"cliniko": "raw_cliniko", "app": "app"}


def latest_versions(feed: str) -> str:
    """The macro as a full build has it."""
    text = f"{MACRO.read_text()}{{{{ latest_versions('{feed}') }}}}"
    rendered = jinja2.Environment(autoescape=False).from_string(text)  # noqa: S701 - SQL, not HTML
    return rendered.render(
        source=lambda source, table: f"{SCHEMAS[source]}.{table}", is_incremental=lambda: False
    )


def current(settings: Settings) -> dict[str, list[str]]:
    found = {}
    with psycopg.connect(settings.url("owner")) as connection:
        for feed in FEEDS:
            query = f"select latest::text from ({latest_versions(feed.name)}) as latest order by 1"
            found[feed.name] = [row[0] for row in connection.execute(sql.SQL(query))]
    return found


def stored(settings: Settings) -> int:
    with psycopg.connect(settings.url("owner")) as connection:
        counts = " + ".join(f"(select count(*) from raw_cliniko.{feed.name})" for feed in FEEDS)
        row = connection.execute(sql.SQL(f"select {counts}")).fetchone()
    return int(row[0]) if row else 0


@pytest.mark.parametrize("seed", [5, 500])
def test_the_current_state_is_the_same_without_superseded_versions(warehouse: Settings, seed: int) -> None:
    lives = [History(warehouse, f"org_{number:02}", seed + number) for number in range(6)]
    for life in lives:
        life.begin().accept()
    for _ in range(20):
        for life in lives:
            life.step().accept()
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(
            "update app.loads set frozen_at = now(), published_at = now() - interval '9 days'"
            " where load_id < (select max(load_id) from app.loads)"
        )
    before, rows = current(warehouse), stored(warehouse)
    forgotten = forget_versions(warehouse, 8)
    assert forgotten > 300
    assert stored(warehouse) == rows - forgotten
    assert current(warehouse) == before
