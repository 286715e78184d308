"""Whom Cliniko no longer holds is erased here: in every version, in what was built, and nobody else."""

import itertools
from collections.abc import Iterator

import psycopg
import pytest

from orchestration.dbt.build import build
from tests.conftest import create_database, drop_database
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.dumps import found_in_dump
from warehouse.audit import verify, who_saw
from warehouse.blanking import FREE_TEXT, tables_of_patients
from warehouse.erased import ErasedPatients, erased_patients, file_of, keyed_hash, remember
from warehouse.erasing import erase_the_gone
from warehouse.settings import Settings

MARKS = ("Goneperson", "gone.marker", "+61491577644", "Gonenote", "Gonecall")
NOTE = {"sections": [{"name": "S", "questions": [{"name": "Q", "type": "text", "answer": "Gonenote"}]}]}


def says(settings: Settings, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(settings.url("owner")) as connection:
        return connection.execute(text.encode()).fetchall()


_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def drawn(cluster: Settings) -> Iterator[Settings]:
    """One build for all tests; each takes a copy."""
    settings = create_database(cluster, "erasing")
    draw(settings, "org_a")
    yield settings
    drop_database(cluster, "erasing")


@pytest.fixture
def warehouse(cluster: Settings, drawn: Settings) -> Iterator[Settings]:
    name = f"erasing_{next(_numbers)}"
    yield create_database(cluster, name, template=drawn.database_name)
    drop_database(cluster, name)


def draw(settings: Settings, organization_id: str) -> Clinic:
    """Patient 1 is gone, and with them 2, who was merged into 1; 3 stays and looks the same."""
    clinic = Clinic(settings, organization_id).create()
    mine = {
        "first_name": MARKS[0],
        "email": f"{MARKS[1]}@example.com",
        "patient_phone_numbers": [{"number": "x", "phone_type": "Mobile", "phone_e164": MARKS[2]}],
    }
    for patient_id in ("1", "1", "3"):
        clinic.patient(patient_id, **mine)
    clinic.patient("2", merged_at=NOON, merged_with_patient_id="1", **mine)
    for number, patient_id in enumerate(("1", "2", "3"), start=1):
        clinic.visit(f"{number}1", patient_id, NOON - days(10))
        clinic.note(f"{number}2", patient_id, NOTE, title=MARKS[3])
        clinic.outreach(patient_id, "success", NOON - days(1), notes=MARKS[4])
    clinic.accept()
    build(settings)
    clinic.purge("patients", "1")
    clinic.accept()
    return clinic


def personal(settings: Settings) -> dict[str, list[object]]:
    """Of each patient's rows in raw, staging and marts and the outreach log, the columns that are theirs."""
    queries = {
        "raw": "select id, first_name, email, patient_phone_numbers from raw_cliniko.patients",
        "raw notes": "select patient_id, title, content from raw_cliniko.treatment_notes",
        "staging": "select patient_id, first_name, email, patient_phone_numbers"
        " from staging.stg_cliniko__patients",
        "staging notes": "select patient_id, title, content from staging.stg_cliniko__treatment_notes",
        "marts": "select patient_id, nullif(patient_name, patient_id), first_name, email, phone"
        " from marts.dim_patients",
        "marts notes": "select patient_id, title, note from marts.fct_treatment_notes",
        "calls": "select patient_id, nullif(notes, '') from app.outreach_log",
    }
    left: dict[str, list[object]] = {}
    for name, query in queries.items():
        for patient_id, *held in says(settings, query):
            if any(held):
                left.setdefault(str(patient_id), []).append(name)
    return left


def test_who_is_gone_is_erased_and_the_ordinary_build_follows(warehouse: Settings) -> None:
    [erasure] = erase_the_gone(warehouse)
    assert erasure.patient_ids == ["1", "2"]
    everything = ["raw", "raw notes", "staging", "staging notes", "marts", "marts notes", "calls"]
    at_once = personal(warehouse)
    assert at_once == {"3": everything}
    before = says(warehouse, "select data_as_of from app.publications")
    assert build(warehouse).held_back == {}
    assert personal(warehouse) == {"3": everything}
    assert says(warehouse, "select data_as_of from app.publications") == before, "it made the data no fresher"
    counted = "select patient_id, count(*) from marts.fct_visits group by 1 order by 1"
    assert says(warehouse, counted) == [("1", 2), ("3", 1)]
    ordinary = rows_of(warehouse)
    build(warehouse, full=True)
    assert rows_of(warehouse) == ordinary


def rows_of(settings: Settings) -> list[tuple[object, ...]]:
    tables = [
        *("staging.stg_cliniko__patients", "staging.stg_cliniko__treatment_notes", "marts.dim_patients"),
        *("marts.fct_visits", "marts.fct_treatment_notes", "marts.fct_patient_states"),
    ]
    return [
        row
        for table in tables
        for row in says(settings, f"select to_jsonb(rows) from {table} as rows order by rows::text")
    ]


def test_it_is_done_once_and_written_down(warehouse: Settings) -> None:
    Clinic(warehouse, "org_b").create().accept()
    [erasure] = erase_the_gone(warehouse)
    assert erase_the_gone(warehouse) == []
    assert verify(warehouse)[0].findings == []
    [seen] = who_saw(warehouse, "1", "org_a")
    assert (seen["action"], seen["actor"], seen["outcome"]) == ("erase", "routiq", "erased")
    loads = says(warehouse, "select count(*) from app.loads where load_id like 'erased.%'")
    assert (loads, erasure.load_id[:7]) == ([(1,)], "erased.")


def test_rows_that_nobody_accepted_are_blanked_but_not_accepted(warehouse: Settings) -> None:
    clinic = Clinic(warehouse, "org_a")
    clinic.patient("1", first_name=MARKS[0], updated_at=NOON - days(500))
    load_id = clinic.accept()
    says(warehouse, f"delete from app.loads where load_id = '{load_id}' returning 1")
    erase_the_gone(warehouse)
    left = says(warehouse, f"select first_name from raw_cliniko.patients where _dlt_load_id = '{load_id}'")
    assert left == [(None,)]


def test_who_was_erased_on_request_is_erased_again_from_the_file_alone(warehouse: Settings) -> None:
    """As after an older database was put back; of the one who is only in the file, nothing was known."""
    erase_the_gone(warehouse)
    with psycopg.connect(warehouse.url("owner")) as connection:
        remember(warehouse, connection, "org_a", ["3", "4711"])
        connection.rollback()
    try:
        [erasure] = erase_the_gone(warehouse)
        assert erasure.patient_ids == ["1", "2", "3"]
        build(warehouse)
        assert personal(warehouse) == {}
        assert found_in_dump(warehouse, MARKS) == set()
        assert says(warehouse, "select is_purged from marts.dim_patients where patient_id = '3'") == [(True,)]
        assert says(warehouse, "select count(*) from app.erased_patients") == [(1,)]
    finally:
        file_of(warehouse).unlink()


def test_a_hash_is_of_one_patient_of_one_organization() -> None:
    key = b"key"
    assert keyed_hash(key, "a", "12") != keyed_hash(key, "a1", "2")
    assert keyed_hash(key, "a", "12") != keyed_hash(b"other", "a", "12")
    erased = ErasedPatients("a", key, frozenset({keyed_hash(key, "a", "12")}))
    assert "12" in erased
    assert "1" not in erased
    assert "12" not in ErasedPatients("b", key, erased.hashes)


def test_a_line_that_a_crash_cut_short_harms_nobody(warehouse: Settings) -> None:
    settings = warehouse.model_copy(update={"home": warehouse.home / "torn"})
    with psycopg.connect(settings.url("owner")) as connection:
        remember(settings, connection, "org_a", ["1"])
        with file_of(settings).open("a") as file:
            file.write("\n0123abc")
        remember(settings, connection, "org_a", ["2"])
        connection.execute("delete from app.erased_patients")
        erased = erased_patients(settings, connection, "org_a")
    assert [each in erased for each in ("1", "2", "3")] == [True, True, False]
    assert file_of(settings).stat().st_mode & 0o077 == 0


def test_no_table_that_names_patients_is_forgotten(warehouse: Settings) -> None:
    """A new one is found by the catalogue; in `app`, what people have written there must be said."""
    with psycopg.connect(warehouse.url("owner")) as connection:
        assert {table.name for table in tables_of_patients(connection, "app")} == set(FREE_TEXT)
        found = {
            f"{table.schema}.{table.name}": set(table.personal)
            for table in tables_of_patients(connection, "raw_cliniko", "staging", "marts")
            if table.personal
        }
    assert found["raw_cliniko.patients"] >= {"first_name", "last_name", "email", "patient_phone_numbers"}
    assert found["raw_cliniko.treatment_notes"] == {"title", "content"}
    assert found["staging.stg_cliniko__patients"] >= {"first_name", "last_name", "email"}
    assert found["marts.dim_patients"] >= {"patient_name", "first_name", "last_name", "phone", "email"}
    assert found["marts.fct_treatment_notes"] == {"title", "note"}
