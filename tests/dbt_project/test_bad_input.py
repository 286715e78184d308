"""Whatever Cliniko shows gets through a build: counted where it has a meaning, left out where it has none.

Never at the cost of the clinic beside it. NULs and half surrogates do not land: see tests/ingestion.
"""

from decimal import Decimal

import pytest

from operations.oddities import find_oddities
from orchestration.dbt.build import BuildResult, build
from tests.dbt_project.bad_clinics import (
    END_OF_TIME,
    FORGOTTEN,
    HUGE,
    NAMES,
    draw_bookings,
    draw_ends_of_time,
    draw_extremes,
    draw_merges,
    draw_orphans,
    draw_person,
    draw_strange,
)
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dbt_project.readers import relations
from warehouse.settings import Settings

OF_NOBODY = {
    "individual_appointments": 1,
    "attendees": 3,
    "invoices": 4,
    "communications": 5,
    "patient_cases": 6,
    "treatment_notes": 7,
}
DRAWN = (draw_strange, draw_orphans, draw_merges, draw_bookings, draw_person)


class World:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.good = Clinic(settings, "org_good")
        self.strange = Clinic(settings, "org_strange")
        self.absurd = Clinic(settings, "org_absurd")
        self.extreme = Clinic(settings, "org_extreme")
        self.all = (self.good, self.strange, self.absurd, self.extreme)

    def texts(self) -> str:
        """Everything that is served of the strange clinic."""
        names = relations(self.settings, "rv")
        return " ".join(str(self.strange.ask(f"select row::text from marts.{name} as row")) for name in names)


@pytest.fixture(scope="module")
def world(module_warehouse: Settings) -> World:
    world = World(module_warehouse)
    for clinic in world.all:
        clinic.create()
        clinic.patient("10")
        clinic.visit("110", "10", NOON - days(3))
    for draw in DRAWN:
        draw(world.strange)
    draw_ends_of_time(world.absurd, *END_OF_TIME)
    draw_extremes(world.extreme)
    for clinic in world.all:
        clinic.accept()
    return world


@pytest.fixture(scope="module")
def first(world: World) -> BuildResult:
    return build(world.settings)


@pytest.mark.usefixtures("first")
class TestStrange:
    """One clinic with everything at once."""

    def test_money_is_exact_whatever_its_size(self, world: World) -> None:
        owed = 3 * HUGE - HUGE - Decimal("0.0001") - 5
        assert world.strange.master()["1"]["lifetime_value"] == owed

    def test_names_of_every_script_arrive_as_they_are(self, world: World) -> None:
        master = world.strange.master()
        seen = {patient: master[patient]["patient_name"] for patient in NAMES}
        assert seen == {patient: " ".join(filter(None, names)) for patient, names in NAMES.items()}

    def test_phones(self, world: World) -> None:
        master = world.strange.master()
        assert [master[patient]["phone"] for patient in "123"] == ["+14155550123", None, None]

    def test_a_zone_nobody_knows_is_utc_and_the_newest_currency_stands(self, world: World) -> None:
        known = world.strange.ask("select time_zone, currency_symbol from marts.dim_organizations")
        assert known == [{"time_zone": "UTC", "currency_symbol": "₹"}]

    def test_records_of_nobody_count_for_nobody(self, world: World) -> None:
        master = world.strange.master()
        assert {"20", "999"}.isdisjoint(master)
        visits = {patient: row["total_lifetime_appointments"] for patient, row in master.items()}
        alone, merged = {"1": 1, "2": 1, "10": 1, "50": 1}, {"30": 1, "31": 3, "36": 3}
        assert {patient: count for patient, count in visits.items() if count} == alone | merged
        seats = world.strange.ask("select visit_id from marts.fct_visits where visit_id in ('320', '330')")
        assert seats == []

    def test_merges_end_in_somebody_or_in_nobody(self, world: World) -> None:
        assert {"32", "33", "34", "35", "37", "38"}.isdisjoint(world.strange.master())

    def test_a_visit_keeps_the_name_of_a_practitioner_who_is_gone(self, world: World) -> None:
        rows = world.strange.ask("select * from marts.patient_recent_appointments")
        recent = {row["patient_id"]: row["recent_appointments"] for row in rows}
        assert [(visit["practitioner"], visit["type"]) for visit in recent["1"]] == [
            ("Dr Ada Sample", "Physio")
        ]
        assert [(visit["practitioner"], visit["type"]) for visit in recent["2"]] == [(None, None)]


def test_the_end_of_time_holds_back_its_own_clinic_alone(world: World, first: BuildResult) -> None:
    assert first.published == ["org_good", "org_strange"]
    assert list(first.held_back) == ["org_absurd", "org_extreme"]
    assert world.good.master()["10"]["total_lifetime_appointments"] == 1
    assert world.absurd.master() == {}


@pytest.mark.usefixtures("first")
def test_what_is_counted_for_nobody_is_told(world: World) -> None:
    found = find_oddities(world.settings) or []
    told = {one.what: (one.records, one.examples) for one in found if one.organization_id == "org_strange"}
    nobody = {feed: (2, [f"{number}20", f"{number}21"]) for feed, number in OF_NOBODY.items()}
    assert told == {
        **{f"{feed} of no patient we know, counted for nobody": rows for feed, rows in nobody.items()},
        "patients merged in a circle, the smallest id stands for all of it": (2, ["30", "31"]),
        "patients merged into nobody we know, shown nowhere": (2, ["37", "38"]),
        "businesses in a time zone nobody knows": (1, ["1"]),
        "appointments without a start, counted nowhere": (1, ["142"]),
        "attendees of a booking we do not know, counted nowhere": (1, ["330"]),
    }
    assert [one.organization_id for one in found if one.what.startswith("rows found by check")]
    assert {one.organization_id for one in found} == {"org_strange", "org_absurd", "org_extreme"}


@pytest.mark.usefixtures("first")
def test_a_purged_person_is_forgotten_and_a_mended_clinic_published(world: World) -> None:
    for word in FORGOTTEN:
        assert word in world.texts()
    world.strange.purge("patients", "50")
    world.strange.accept()
    draw_ends_of_time(world.absurd, *(NOON - days(number) for number in range(len(END_OF_TIME))))
    world.absurd.accept()
    second = build(world.settings)
    assert second.published == ["org_absurd", "org_strange"]
    assert list(second.held_back) == ["org_extreme"]
    assert [word for word in FORGOTTEN if word in world.texts()] == []
