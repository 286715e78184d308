"""A batch of changes: every kind happens, records and story agree, the truth moves as it should."""

import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.clinics.changes import Changes, apply_changes, draw_changes
from sandbox.clinics.clock import maybe_iso
from sandbox.clinics.records.whole import authors_of, records_of_patient
from sandbox.clinics.story import load_story
from sandbox.clinics.truth import truth_at, truth_of
from sandbox.cliniko.running import run_cliniko
from tests.sandbox.clinics.conftest import AS_OF, rows

LATER = datetime.fromtimestamp(AS_OF, UTC) + timedelta(hours=1)
KINDS = {
    "new",
    "booked",
    "archived",
    "unarchived",
    "merged",
    "purged",
    "edited_twice",
    "cancelled",
    "rescheduled",
    "missed",
    "removed",
    "seat_cancelled",
    "cancelled_by_mistake",
    "heard_from",
    "case_closed",
    "credited",
    "class_called_off",
    "practitioner_renamed",
}


@pytest.fixture
def clinic(generated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(generated, tmp_path / "clinic"))


def final(changes: Changes) -> dict[tuple[str, str], dict[str, Any]]:
    """What a Cliniko that took all the steps shows of the records in them."""
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for step in changes.steps:
        for resource, records in step.records.items():
            shown |= {(resource, record["id"]): record for record in records}
    return shown


def test_every_kind_of_change_is_drawn(clinic: Path) -> None:
    changes = draw_changes(clinic, 1, LATER)
    assert {step.what for step in changes.steps} == KINDS


def test_one_seed_draws_one_batch(generated: Path, tmp_path: Path) -> None:
    first, second = (Path(shutil.copytree(generated, tmp_path / name)) for name in ("a", "b"))
    assert draw_changes(first, 1, LATER).steps == draw_changes(second, 1, LATER).steps


def test_the_saved_story_is_the_state_after(clinic: Path) -> None:
    changes = draw_changes(clinic, 1, LATER)
    assert truth_at(clinic, LATER) == truth_of(changes.story, LATER)


def test_the_last_version_shown_is_what_the_story_says(clinic: Path) -> None:
    changes = draw_changes(clinic, 2, LATER)
    story = load_story(clinic)
    gone = {step.patient_id for step in changes.steps if step.gone}
    told = {
        (resource, record["id"]): record
        for patient in story.patients.values()
        for resource, record in records_of_patient(story.clinic, patient, authors_of(story.clinic))
    }
    for key, record in final(changes).items():
        if key[0] not in ("practitioners", "group_appointments") and key[1] not in gone:
            assert without_echoes(record) == without_echoes(told[key]), key


def without_echoes(record: dict[str, Any]) -> dict[str, Any]:
    """What follows from other records, which are shown again without this one."""
    return {name: value for name, value in record.items() if name not in ("latest_booking", "author_name")}


def test_two_versions_within_a_second(clinic: Path) -> None:
    changes = draw_changes(clinic, 1, LATER)
    twice = [step for step in changes.first if step.what == "edited_twice"]
    again = [step for step in changes.last if step.what == "edited_twice"]
    for one, other in zip(twice, again, strict=True):
        before, after = one.records["patients"][0], other.records["patients"][0]
        assert before["updated_at"] == after["updated_at"]
        assert before != after


def test_a_merge_moves_visits_without_moving_their_updated_at(clinic: Path, generated: Path) -> None:
    before = {row["id"]: row for row in rows(generated, "individual_appointments")}
    changes = draw_changes(clinic, 1, LATER)
    merged = [step for step in changes.steps if step.what == "merged"]
    moved = [row for step in merged for row in step.records["individual_appointments"]]
    known = [(before[row["id"]], row) for row in moved if row["id"] in before]
    assert any(old["patient"] != new["patient"] for old, new in known)
    assert all(old["updated_at"] == new["updated_at"] for old, new in known)


def test_archiving_does_not_move_updated_at(clinic: Path, generated: Path) -> None:
    before = {row["id"]: row for row in rows(generated, "patients")}
    for step in draw_changes(clinic, 1, LATER).steps:
        if step.what == "archived":
            record = step.records["patients"][0]
            assert record["archived_at"] == maybe_iso(int(LATER.timestamp()))
            assert record["updated_at"] == before[record["id"]]["updated_at"]


def test_the_truth_follows(clinic: Path) -> None:
    before = truth_at(clinic, LATER)
    changes = draw_changes(clinic, 1, LATER)
    after = truth_at(clinic, LATER)
    for gone in ("archived", "purged"):
        assert not set(changes.patients(gone)) & set(after.patients)
        assert set(changes.patients(gone)) <= set(before.patients)
    assert set(changes.patients("unarchived")) <= set(after.patients) - set(before.patients)
    assert set(changes.patients("new")) <= set(after.patients) - set(before.patients)
    assert after.summary.unlinked == len(changes.patients("purged")) // 2
    for patient_id in changes.patients("cancelled"):
        old, new = before.patients[patient_id], after.patients[patient_id]
        assert new.upcoming_appointment_count == old.upcoming_appointment_count - 1
    for patient_id in changes.patients("missed"):
        old, new = before.patients[patient_id], after.patients[patient_id]
        assert new.missed_appointments_last_90d == old.missed_appointments_last_90d + 1


def test_changes_older_than_the_story_are_refused(clinic: Path) -> None:
    with pytest.raises(ValueError, match="later instant"):
        draw_changes(clinic, 1, LATER - timedelta(hours=2))


def test_a_running_cliniko_takes_all_of_it(clinic: Path) -> None:
    key = tomllib.loads((clinic / "clinic.toml").read_text(encoding="utf-8"))["api_key"]
    changes = draw_changes(clinic, 1, LATER)
    with (
        run_cliniko([clinic]) as base_url,
        httpx.Client(
            base_url=f"{base_url}/v1", auth=(key, ""), headers={"User-Agent": "test (t@example.com)"}
        ) as api,
    ):
        apply_changes(base_url, "clinic", changes.first)
        apply_changes(base_url, "clinic", changes.last)
        edited, purged = changes.last[0].patient_id, changes.patients("purged")[0]
        shown = api.get(f"/patients/{edited}").json()
        assert shown["last_name"] == changes.story.patients[str(edited)].last_name
        assert api.get(f"/patients/{purged}", params={"q[]": "archived_at:*"}).status_code == 404
