"""What a build made step by step, compared with what one build makes of it all."""

from datetime import datetime
from itertools import chain

import psycopg
from psycopg import sql

from orchestration.dbt.build import build
from tests.conftest import create_database
from tests.dbt_project.clinic import NOON, days
from tests.dbt_project.readers import relations
from warehouse.settings import Settings

OURS = ("staging", "intermediate", "candidates", "checks", "operations", "marts")
INSTANTS: tuple[datetime, ...] = (NOON - days(30), NOON, NOON + days(45))


def built_from_nothing(cluster: Settings, settings: Settings, name: str) -> Settings:
    """A copy of the warehouse with the raw log and the accepted loads, and nothing that a build made."""
    copy = create_database(cluster, name, template=settings.database_name)
    with psycopg.connect(copy.url("admin")) as connection:
        for schema in OURS:
            connection.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
        connection.execute("update app.loads set frozen_at = null, published_at = null")
        connection.execute("delete from app.publications")
    build(copy)
    return copy


def rows(settings: Settings, relation: str, as_of: datetime) -> list[str]:
    """Every column of every row of every organization, as text."""
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(sql.SQL("set local app.as_of = {}").format(sql.Literal(as_of.isoformat())))
        found = connection.execute(
            sql.SQL("select served::text from {} as served order by 1").format(
                sql.Identifier("marts", relation)
            )
        )
        return [row[0] for row in found]


def assert_equal(settings: Settings, rebuilt: Settings) -> None:
    tables, views = relations(settings, "r"), relations(settings, "v")
    assert (tables, views) == (relations(rebuilt, "r"), relations(rebuilt, "v"))
    assert len(tables) >= 9
    asked: dict[str, tuple[datetime, ...]] = dict.fromkeys(tables, (NOON,)) | dict.fromkeys(views, INSTANTS)
    for relation, instants in asked.items():
        incremental = [rows(settings, relation, as_of) for as_of in instants]
        again = [rows(rebuilt, relation, as_of) for as_of in instants]
        only = sorted(set(chain(*incremental)) ^ set(chain(*again)))
        assert incremental == again, f"{relation}: {only[:4]}"
        assert any(incremental), f"{relation}: nothing to compare"


def check(cluster: Settings, settings: Settings, scratch: str) -> None:
    assert_equal(settings, built_from_nothing(cluster, settings, scratch))
    assert build(settings, full=True).rows_written == 0
