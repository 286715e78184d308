"""One real build for most tests of this folder: a clinic with a patient for each rule, another beside it."""

from collections.abc import Iterator

import pytest

from orchestration.dbt.build import build
from tests.conftest import create_database, drop_database
from tests.dbt_project.campaign import draw_campaign
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dbt_project.scenarios import draw_all
from warehouse.settings import Settings


@pytest.fixture(scope="session")
def built(cluster: Settings) -> Iterator[Settings]:
    settings = create_database(cluster, "dbt_built")
    main = Clinic(settings, "org_main").create()
    draw_all(main)
    main.accept()
    other = Clinic(settings, "org_other", "America/Los_Angeles").create()
    other.add("businesses", id="2", time_zone_identifier="Europe/London", created_at=NOON - days(500))
    other.patient("5")
    other.visit("51", "5", NOON - days(10))
    other.accept(invoices="forbidden")
    campaign = Clinic(settings, "org_campaign").create()
    draw_campaign(campaign)
    campaign.accept()
    result = build(settings)
    assert (result.published, result.held_back) == (["org_campaign", "org_main", "org_other"], {})
    yield settings
    drop_database(cluster, "dbt_built")


@pytest.fixture
def campaign(built: Settings) -> Clinic:
    return Clinic(built, "org_campaign")


@pytest.fixture
def clinic(built: Settings) -> Clinic:
    return Clinic(built, "org_main")


@pytest.fixture
def scratch(cluster: Settings) -> Iterator[str]:
    name = "from_nothing"
    yield name
    drop_database(cluster, name)
