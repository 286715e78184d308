"""What changes in Cliniko arrives, whatever it is; a rebuild finds nothing to correct.

The steps build on each other, in the order written: a build costs seconds.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from orchestration.dbt.build import BuildResult, build
from tests.dbt_project.clinic import NOON, Clinic, as_api, days
from warehouse.settings import Settings

FIRST, OTHER = "org_first", "org_other"
# 21 -> 22 -> 23 is a chain, 31 -> 32 -> 33 -> 31 a loop: 31 survives it.
CHAIN, LOOP = ("21", "22", "23"), ("31", "32", "33")


class World:
    """Two clinics in one warehouse, and what the last build said."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.first = Clinic(settings, FIRST)
        self.other = Clinic(settings, OTHER)

    def visits(self, clinic: Clinic | None = None) -> dict[str, tuple[str, datetime]]:
        rows = (clinic or self.first).ask("select visit_id, patient_id, starts_at from marts.fct_visits")
        return {row["visit_id"]: (row["patient_id"], row["starts_at"]) for row in rows}

    def version(self, organization_id: str) -> int:
        with as_api(self.settings, organization_id) as connection:
            rows = connection.execute("select data_version from app.publications").fetchall()
        return int(rows[0]["data_version"])


@pytest.fixture(scope="module")
def world(module_warehouse: Settings) -> World:
    world = World(module_warehouse)
    for clinic in (world.first.create(), world.other.create()):
        clinic.patient("11")
        clinic.visit("111", "11", NOON - days(3))
    first = world.first
    for patient in ("12", "13", "14", *CHAIN, *LOOP):
        first.patient(patient)
        first.visit(f"{patient}1", patient, NOON - days(20))
    first.patient("15", last_name="first", archived_at=NOON - days(9))
    first.visit("151", "15", NOON - days(5), appointment_type_id="first")
    first.add("group_appointments", id="900", starts_at=NOON - days(2))
    first.seat("901", "12", "900")
    first.seat("902", "21", "900")
    first.note("161", "16")  # of a patient whom Cliniko has not shown yet
    for clinic in (world.first, world.other):
        clinic.accept()
    assert build(module_warehouse).published == [FIRST, OTHER]
    return world


@contextmanager
def reading(world: World) -> Iterator[list[tuple[Any, ...]]]:
    """Read two tables and a view in one statement, again and again, while something else happens."""
    seen: list[tuple[Any, ...]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            row = world.first.ask(
                "select (select last_name from marts.dim_patients where patient_id = '15') as name,"
                " (select appointment_type_id from marts.fct_visits where visit_id = '151') as type,"
                " (select count(*) > 0 from marts.patient_reengagement_master_view"
                "  where patient_id = '15') as is_live"
            )[0]
            seen.append(tuple(row.values()))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def change_everything(world: World) -> None:
    first = world.first
    first.visit("111", "11", NOON - days(3), cancelled_at=NOON - days(4))
    first.visit("121", "13", NOON - days(20))  # moved to another patient
    first.purge("individual_appointments", "131")
    first.purge("patients", "14")
    first.patient("16", merged_with_patient_id="14", merged_at=NOON, archived_at=NOON)
    first.patient("15", last_name="second")  # not archived any more
    first.visit("151", "15", NOON - days(5), appointment_type_id="second")
    first.patient("21", merged_with_patient_id="22", merged_at=NOON, archived_at=NOON)
    first.patient("22", merged_with_patient_id="23", merged_at=NOON, archived_at=NOON)
    for patient, into in zip(LOOP, (*LOOP[1:], LOOP[0]), strict=True):
        first.patient(patient, merged_with_patient_id=into)
    first.add("group_appointments", id="900", starts_at=NOON - days(1))
    first.seat("903", "23", "900")
    # a version older than the one we have, arriving late
    first.visit("12x", "12", NOON - days(8), updated_at=NOON)
    first.visit("12x", "12", NOON - days(9), updated_at=NOON - days(30), seen_at=NOON + days(1))
    world.other.visit("112", "11", datetime(9999, 1, 1, tzinfo=UTC))
    world.other.patient("12")
    for clinic in (world.first, world.other):
        clinic.accept()


@pytest.fixture(scope="module")
def changed(world: World) -> tuple[World, BuildResult, list[tuple[Any, ...]]]:
    change_everything(world)
    with reading(world) as seen:
        result = build(world.settings)
    return world, result, seen


Changed = tuple[World, BuildResult, list[tuple[Any, ...]]]


def test_a_failing_check_holds_back_that_clinic_alone(changed: Changed) -> None:
    world, result, _ = changed
    assert result.published == [FIRST]
    assert list(result.held_back) == [OTHER]
    assert list(world.visits(world.other)) == ["111"]
    assert world.other.ask("select patient_id from marts.dim_patients") == [{"patient_id": "11"}]
    assert (world.version(FIRST), world.version(OTHER)) == (2, 1)


def test_changes_arrive(changed: Changed) -> None:
    world, _, _ = changed
    visits, master = world.visits(), world.first.master()
    assert visits["121"][0] == "13"
    assert "131" not in visits
    assert "14" not in master
    assert visits["12x"] == ("12", NOON - days(8))
    assert visits["901"][1] == NOON - days(1)
    assert (master["11"]["total_lifetime_appointments"], master["11"]["risk_level"]) == (0, None)
    assert master["15"]["engagement_status"] == "active"


def test_merged_patients_belong_to_the_survivor(changed: Changed) -> None:
    world, _, _ = changed
    visits, master = world.visits(), world.first.master()
    assert {visits[visit][0] for visit in ("211", "221", "231", "902", "903")} == {"23"}
    assert {visits[visit][0] for visit in ("311", "321", "331")} == {"31"}
    assert {"21", "22", "32", "33"}.isdisjoint(master)
    # three of their own, and one for the two seats in one class
    assert master["23"]["total_lifetime_appointments"] == 4
    assert master["31"]["total_lifetime_appointments"] == 3


def test_notes_of_a_patient_first_seen_merged_into_a_purged_one_are_gone(changed: Changed) -> None:
    world, _, _ = changed
    assert world.first.ask("select * from marts.fct_treatment_notes") == []


def test_a_reader_never_sees_two_generations(changed: Changed) -> None:
    _, _, seen = changed
    assert set(seen) == {("first", "first", False), ("second", "second", True)}


@pytest.fixture(scope="module")
def undone(changed: Changed) -> Changed:
    world, _, seen = changed
    first = world.first
    first.patient("21")
    first.patient("32")
    first.patient("15", archived_at=NOON)
    first.visit("111", "11", NOON - days(3))
    world.other.visit("112", "11", NOON - days(1))
    for clinic in (world.first, world.other):
        clinic.accept()
    return world, build(world.settings), seen


def test_what_was_done_can_be_undone(undone: Changed) -> None:
    world, result, _ = undone
    assert (result.published, result.held_back) == ([FIRST, OTHER], {})
    visits, master = world.visits(), world.first.master()
    assert {visits[visit][0] for visit in ("211", "902")} == {"21"}
    assert {visits[visit][0] for visit in ("221", "231", "903")} == {"23"}
    assert {visits[visit][0] for visit in ("311", "321")} == {"32"}
    assert "15" not in master
    assert master["11"]["total_lifetime_appointments"] == 1
    assert set(world.visits(world.other)) == {"111", "112"}


def test_a_rebuild_has_nothing_to_correct(undone: Changed) -> None:
    world, _, _ = undone
    result = build(world.settings, full=True)
    assert (result.published, result.rows_written) == ([FIRST, OTHER], 0)
    with psycopg.connect(world.settings.url("owner")) as connection:
        connection.execute("update marts.fct_visits set did_not_arrive = true where visit_id = '221'")
        connection.execute("delete from marts.fct_visits where visit_id = '231'")
        connection.execute(
            "insert into marts.fct_patient_cases select organization_id, '1', '11', now(), null, null, now()"
            " from app.organizations"
        )
    assert build(world.settings, full=True).rows_written == 4


def test_nothing_new_writes_nothing(undone: Changed) -> None:
    world, _, _ = undone
    world.first.accept()
    result = build(world.settings)
    assert (result.published, result.rows_written) == ([FIRST], 0)
