"""Incremental equals a rebuild: after random histories each served row is as built from nothing."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from random import Random

import psycopg
import pytest
from psycopg import sql

from ingestion.retention import forget_versions
from orchestration.dbt.build import build
from tests.conftest import create_database, drop_database
from tests.dbt_project.clinic import NOON, days
from tests.dbt_project.histories import History
from tests.dbt_project.readers import relations
from warehouse.settings import Settings

OURS = ("staging", "intermediate", "candidates", "checks", "operations", "marts")
INSTANTS: tuple[datetime, ...] = (NOON - days(30), NOON, NOON + days(45))


def live(settings: Settings, organizations: int, steps: int, builds: int, seed: int) -> None:
    """Loads are accepted in any order, some long after later ones; some builds find nothing of a clinic."""
    random = Random(seed)
    lives = [History(settings, f"org_{number:02}", seed + number) for number in range(organizations)]
    waiting = [life.begin() for life in lives]
    for build_number in range(1, builds + 1):
        for _ in range(steps // builds):
            waiting += [life.step() for life in lives]
        random.shuffle(waiting)
        is_last = build_number == builds
        held = [load for load in waiting if not is_last and random.random() < 0.3]
        for load in waiting:
            if load not in held:
                load.accept(invoices=random.choice(["succeeded", "succeeded", "forbidden"]))
        waiting = held
        result = build(settings)
        assert result.held_back == {}


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


@pytest.fixture
def scratch(cluster: Settings) -> Iterator[str]:
    name = "from_nothing"
    yield name
    drop_database(cluster, name)


def check(cluster: Settings, settings: Settings, scratch: str) -> None:
    assert_equal(settings, built_from_nothing(cluster, settings, scratch))
    assert build(settings, full=True).rows_written == 0


@pytest.mark.timeout(900)
def test_incremental_equals_a_rebuild(cluster: Settings, warehouse: Settings, scratch: str) -> None:
    live(warehouse, organizations=12, steps=12, builds=3, seed=20260310)
    check(cluster, warehouse, scratch)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_rebuild_after_superseded_versions_are_forgotten_is_the_same(
    cluster: Settings, warehouse: Settings, scratch: str
) -> None:
    live(warehouse, organizations=4, steps=12, builds=1, seed=77)
    assert forget_versions(warehouse, kept_days=30) == 0, "published just now"
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute("update app.loads set published_at = published_at - interval '31 days'")
    assert forget_versions(warehouse, kept_days=30) > 50
    assert forget_versions(warehouse, kept_days=30) == 0
    assert_equal(warehouse, built_from_nothing(cluster, warehouse, scratch))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.timeout(3600)
def test_incremental_equals_a_rebuild_of_many(
    cluster: Settings, warehouse: Settings, scratch: str, seed: int
) -> None:
    live(warehouse, organizations=40, steps=40, builds=10, seed=1000 * seed)
    check(cluster, warehouse, scratch)
