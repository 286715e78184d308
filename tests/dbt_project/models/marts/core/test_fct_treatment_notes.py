"""Treatment notes: text to read out of Cliniko's content, and what counts."""

from typing import Any

from tests.dbt_project.campaign import TEXT
from tests.dbt_project.clinic import NOON, Clinic, days


def notes(campaign: Clinic) -> dict[str, dict[str, Any]]:
    rows = campaign.ask("select * from marts.fct_treatment_notes")
    return {row["treatment_note_id"]: row for row in rows}


def test_a_note_is_readable(campaign: Clinic) -> None:
    row = notes(campaign)["60"]
    assert row["note"] == TEXT
    assert (row["title"], row["practitioner_id"], row["noted_at"]) == ("First", "71", NOON - days(9))
    assert (row["is_draft"], row["removed_at"]) == (False, None)


def test_content_of_another_shape_has_no_text(campaign: Clinic) -> None:
    found = notes(campaign)
    assert [found[note]["note"] for note in ("62", "64", "66")] == [None, None, None]


def test_a_note_without_a_patient_counts_nowhere(campaign: Clinic) -> None:
    assert set(notes(campaign)) == {"60", "61", "62", "63", "64", "66"}
    assert {row["treatment_note_id"] for row in notes(campaign).values() if row["is_draft"]} == {"62"}


def test_the_master_view_counts_what_was_written_and_still_is(campaign: Clinic) -> None:
    """Of patient 6: two notes, a draft, one archived three days ago and one still to come."""
    expected = {0: (2, 5), 3.5: (3, 4), 6: (1, 9), 10: (0, None), -1: (3, -1)}
    for days_ago, (count, newest) in expected.items():
        master = campaign.master(NOON - days(days_ago))["6"]
        assert master["treatment_note_count"] == count
        assert master["last_treatment_note_at"] == (newest and NOON - days(newest))
    assert campaign.master()["1"]["treatment_note_count"] == 0
