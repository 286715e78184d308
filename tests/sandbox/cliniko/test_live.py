"""--live: what happens in a generated clinic's story is seen over HTTP while the server runs."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.cliniko.running import run_cliniko
from tests.conftest import free_port
from tests.sandbox.cliniko.clinic_files import Api, write_clinic


def test_a_generated_clinic_goes_on_living(tmp_path: Path) -> None:
    folder = tmp_path / "alive"
    assert main(["generate", "--out", str(folder), "--patients", "40", "--api-key", "key-alive-au2"]) == 0
    began = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lifts = [f"{name}:*" for name in ("archived_at", "deleted_at", "cancelled_at")]
    with run_cliniko([folder], live_speed=100_000) as address:
        api = Api(address, "alive")
        for _ in range(200):
            page = api.page("individual_appointments", f"updated_at:>={began}", *lifts)
            if page["total_entries"]:
                return
            time.sleep(0.1)
    pytest.fail("nothing happened")


def test_a_clinic_without_a_story_cannot_live(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_clinic(tmp_path / "export", {})
    arguments = ["cliniko", "--port", str(free_port()), "--clinic", str(folder), "--live"]
    assert main(arguments) == 1
    assert "was not generated" in capsys.readouterr().err
