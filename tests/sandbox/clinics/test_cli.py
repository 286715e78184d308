"""The two commands, as a person types them."""

from pathlib import Path

import orjson
import pytest

from sandbox.__main__ import main


def test_generate_and_ask_for_the_truth(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    moment = "2026-03-31T02:30:00Z"
    place = ["--time-zone", "Europe/London", "--country", "GB", "--name", "Thames Example"]
    ordered = ["--patients", "30", "--appointments", "70", "--group-attendees", "12", "--notes", "0"]
    folder = ["--out", str(tmp_path / "thames")]
    assert main(["generate", *folder, "--seed", "3", *ordered, *place, "--as-of", moment]) == 0
    counts = orjson.loads(capsysbinary.readouterr().out)["records"]
    assert (counts["individual_appointments"], counts["attendees"], counts["treatment_notes"]) == (70, 82, 0)

    assert main(["truth", "--clinic", str(tmp_path / "thames"), "--as-of", moment]) == 0
    truth = orjson.loads(capsysbinary.readouterr().out)
    assert (truth["as_of"], truth["time_zone"]) == (moment, "Europe/London")
    assert truth["summary"]["total_patients"] + truth["summary"]["stale_patients"] == len(truth["patients"])
