"""`routiq erase-patient`: proven by looking for what was theirs in a dump, in files, and in an old backup."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import psycopg
import pytest
from typer.testing import CliRunner, Result

from operations.cli import app
from operations.errors import CommandError
from orchestration.dbt.build import build
from sandbox.cliniko.running import run_cliniko
from tests.conftest import free_port
from tests.dumps import found_in_dump, found_in_files
from tests.ingestion.clinics import STAMP, Control, Record, appointment, key_of, link, make_clinic, patient
from warehouse.audit import verify
from warehouse.backup import back_up, restore
from warehouse.bootstrap import embedded_server
from warehouse.erased import removed_once
from warehouse.settings import Settings

NAME, MAIL, NUMBER, E164 = "Zephyrine", "zephyrine.marker", "0491 577 644", "+61491577644"
TITLE, NOTE, CALLED, OLD = "Titlemarker", "Notemarker", "Calledmarker", "Maidenmarker"
MARKERS = (NAME, MAIL, NUMBER, E164, TITLE, NOTE, CALLED, OLD)


def person(record_id: int, **fields: object) -> Record:
    numbers = [{"number": NUMBER, "phone_type": "Mobile"}]
    marks = {"first_name": NAME, "email": f"{MAIL}@example.com", "patient_phone_numbers": numbers}
    return patient(record_id, **(marks | fields))


def note(record_id: int, patient_id: int, title: str, text: str) -> Record:
    question = {"name": "How", "type": "text", "answer": text}
    return {
        "id": str(record_id),
        "title": title,
        "content": {"sections": [{"name": "Visit", "questions": [question]}]},
        "draft": False,
        "patient": link("patients", str(patient_id)),
        "created_at": STAMP,
        "updated_at": STAMP,
    }


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """Patient 1 with a record that was merged into it, and patient 3 who stays."""
    merged = {"merged_at": STAMP, "merged_with_patient": link("patients", "1"), "archived_at": STAMP}
    folder = make_clinic(
        tmp_path / "clinics" / "harbour",
        {
            "patients": [person(1), person(2, last_name=OLD, **merged), patient(3, first_name="Stays")],
            "individual_appointments": [appointment(number, number - 10) for number in (11, 12, 13)],
            "treatment_notes": [
                note(21, 1, TITLE, NOTE),
                note(22, 2, TITLE, NOTE),
                note(23, 3, "Kept", "Kept too"),
            ],
        },
    )
    with run_cliniko([folder]) as address:
        yield Control(address, "harbour")


def routiq(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=typed, catch_exceptions=False)


def add(control: Control) -> None:
    words = ["--id", "org_harbour", "--name", "Harbour", "--base-url", control.address]
    added = routiq("org", "add", *words, "--api-key-file", "-", typed=key_of("harbour") + "\n")
    assert added.exit_code == 0, added.output


def sync(*options: str) -> dict[str, dict[str, int]]:
    done = routiq("sync", "org_harbour", "--json", *options)
    feeds: dict[str, dict[str, int]] = json.loads(done.stdout)["feeds"]
    return feeds


def say(settings: Settings, text: str) -> list[tuple[object, ...]]:
    with psycopg.connect(settings.url("owner")) as connection:
        return connection.execute(text.encode()).fetchall()


def call(settings: Settings) -> None:
    """The desk writes down a call of each record."""
    say(
        settings,
        f"""
        insert into app.outreach_log (organization_id, patient_id, method, outcome, logged_by, notes)
        select 'org_harbour', id, 'phone', 'success', 'user_1', case id when '3' then '' else '{CALLED}' end
        from unnest(array['1', '2', '3']) as id returning 1
        """,
    )


def test_who_is_erased_leaves_no_trace_and_does_not_come_back(
    control: Control, settings: Settings, tmp_path: Path
) -> None:
    add(control)
    sync()
    now = control.now()
    control.put(patients=[person(1, last_name="Renamed", updated_at=now)])  # a second version
    sync()
    build(settings)
    call(settings)
    everywhere = {line.partition(":")[0] for line in found_in_dump(settings, MARKERS)}
    assert everywhere == set(MARKERS), "what is looked for is there before"
    back_up(settings, tmp_path / "old.dump")

    erased = json.loads(routiq("erase-patient", "org_harbour", "2", "--yes", "--json").stdout)
    assert (erased["patient_ids"], erased["is_published"]) == (["1", "2"], True)
    leaves_no_trace(settings)
    assert found_in_files(settings.home, MARKERS) == set()
    assert counts(settings) == [("1", 2, None), ("3", 1, True)]
    assert verify(settings)[0].findings == []

    assert sync()["patients"]["rows_changed"] == 0
    control.requests()
    moved = control.now()
    control.put(
        patients=[person(1, last_name="Again", updated_at=moved)],
        individual_appointments=[appointment(14, 1, updated_at=moved)],
        treatment_notes=[note(24, 1, TITLE, NOTE) | {"updated_at": moved}],
    )
    assert sync()["individual_appointments"]["rows_new"] == 1
    assert control.requests()["requests"] == 37, "who is listed but not taken in is no difference any more"
    sync("--sweep")
    build(settings, full=True)
    leaves_no_trace(settings)
    assert counts(settings) == [("1", 3, None), ("3", 1, True)]

    elsewhere = another_machine(settings, tmp_path / "elsewhere")
    try:
        [again] = restore(elsewhere, tmp_path / "old.dump")
        assert again.patient_ids == ["1", "2"]
        leaves_no_trace(elsewhere)
        assert counts(elsewhere) == [("1", 2, None), ("3", 1, True)]
    finally:
        embedded_server(elsewhere).remove()


def leaves_no_trace(settings: Settings) -> None:
    assert found_in_dump(settings, MARKERS) == set()


def another_machine(settings: Settings, home: Path) -> Settings:
    """Nothing but the secrets and the list of who was erased."""
    home.mkdir()
    copy(settings.home / "erased-patients", home)
    return settings.model_copy(update={"home": home, "postgres_port": free_port(), "database_name": "routiq"})


def counts(settings: Settings) -> list[tuple[object, ...]]:
    """Of each patient how many visits count, and whether notes say what they said."""
    return say(
        settings,
        """
        select patient_id, count(distinct visit_id), max(note) like '%Kept too'
        from marts.fct_visits left join marts.fct_treatment_notes using (organization_id, patient_id)
        group by patient_id order by 1
        """,
    )


def test_what_is_unknown_is_refused_and_nothing_happens_unasked(control: Control, settings: Settings) -> None:
    add(control)
    sync()
    with pytest.raises(CommandError, match="no organization is called org_elsewhere"):
        routiq("erase-patient", "org_elsewhere", "1", "--yes")
    with pytest.raises(CommandError, match="org_harbour has no patient 4711"):
        routiq("erase-patient", "org_harbour", "4711", "--yes")
    assert routiq("erase-patient", "org_harbour", "1", typed="n\n").exit_code == 1
    say(
        settings,
        """
        insert into app.sync_runs (organization_id, status, requested_by, started_at, lease_expires_at, fence)
        values ('org_harbour', 'running', 'test', now(), now() + interval '1 minute', 99) returning 1
        """,
    )
    with pytest.raises(CommandError, match="a sync of org_harbour is running"):
        routiq("erase-patient", "org_harbour", "1", "--yes")
    assert not (settings.home / "erased-patients").exists()
    assert found_in_dump(settings, [NAME]) != set()


def test_an_organization_is_removed_by_who_types_its_id(
    control: Control, settings: Settings, tmp_path: Path
) -> None:
    add(control)
    sync()
    with pytest.raises(CommandError, match="nothing was removed"):
        routiq("org", "remove", "org_harbour", typed="org_other\n")
    with pytest.raises(CommandError, match="no organization is called org_elsewhere"):
        routiq("org", "remove", "org_elsewhere", "--yes")
    heads = tmp_path / "heads.json"
    heads.write_text('{"org_harbour": {"position": 1, "hash": "00"}}')
    assert routiq("audit", "verify", "--heads", str(heads)).exit_code == 1
    removed = routiq("org", "remove", "org_harbour", typed="org_harbour\n")
    assert removed.exit_code == 0, removed.output
    assert found_in_dump(settings, [*MARKERS, "org_harbour", "Harbour"]) == set()
    assert list((settings.home / "dlt").glob("*org_harbour*")) == []
    assert removed_once(settings, ["org_harbour", "org_other"]) == ["org_harbour"]
    assert routiq("audit", "verify", "--heads", str(heads)).exit_code == 0, "its chain is not lost"
    with pytest.raises(CommandError, match="there is no organization"):
        sync()
