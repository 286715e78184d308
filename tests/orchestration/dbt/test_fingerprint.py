"""Which builds compute everything: the first by the rules of today, and again until one gets to its end."""

import psycopg
import pytest

from orchestration.dbt import fingerprint as rules
from orchestration.dbt.build import BuildError, one_build
from tests.dbt_project.clinic import Clinic
from warehouse.settings import Settings

FULL = ["--full-refresh"]


@pytest.fixture
def released(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Published by one release, then by the next one's rules nothing yet."""
    clinic = Clinic(warehouse, "org_first").create()
    clinic.accept()
    with one_build(warehouse) as more, psycopg.connect(warehouse.url("owner")) as connection:
        assert more == FULL
        connection.execute("create schema checks")
        connection.execute("update app.loads set published_at = now()")
    monkeypatch.setattr(rules, "digest", lambda: "of today")
    return warehouse


def unpublished(settings: Settings) -> int:
    with psycopg.connect(settings.url("owner")) as connection:
        return connection.execute("select from app.loads where published_at is null").rowcount


def test_asking_changes_nothing(released: Settings) -> None:
    assert rules.have_changed(released)
    assert unpublished(released) == 0


def break_off(settings: Settings) -> None:
    with one_build(settings) as more:
        assert (more, unpublished(settings)) == (FULL, 1)
        raise BuildError


def test_until_a_build_gets_to_its_end_all_is_to_be_built(released: Settings) -> None:
    for _ in range(2):
        with pytest.raises(BuildError):
            break_off(released)
    with one_build(released) as more:
        assert more == FULL
    with one_build(released) as more:
        assert more == []
    with one_build(released, full=True) as more:
        assert more == FULL
