"""Incremental equals a rebuild: after random histories each served row is as built from nothing."""

from random import Random

import psycopg
import pytest

from ingestion.retention import forget_versions
from orchestration.dbt.build import build
from tests.dbt_project.histories import History
from tests.dbt_project.rebuilding import assert_equal, built_from_nothing, check
from warehouse.settings import Settings


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
