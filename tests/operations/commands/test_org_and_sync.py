"""`routiq org`, `sync` and `build` as a person types them: against a real Cliniko stand-in and database."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from operations.cli import app
from operations.errors import CommandError
from sandbox.cliniko.running import run_cliniko
from tests.ingestion.clinics import Control, key_of, make_clinic, patient


@pytest.fixture(scope="module")
def control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    folder = make_clinic(
        tmp_path_factory.mktemp("clinics") / "harbour", {"patients": [patient(1), patient(2)]}
    )
    with run_cliniko([folder]) as address:
        yield Control(address, "harbour")


def routiq(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=typed, catch_exceptions=False)


def add(control: Control, key: str | None = None) -> Result:
    words = [
        "org",
        "add",
        "--id",
        "a",
        "--name",
        "Harbour",
        "--base-url",
        control.address,
        "--api-key-file",
        "-",
    ]
    return routiq(*words, typed=(key or key_of("harbour")) + "\n")


@pytest.mark.usefixtures("settings")
def test_an_organization_is_added_listed_synced_and_built(control: Control) -> None:
    added = add(control)
    assert added.exit_code == 0
    assert key_of("harbour") not in added.output
    [listed] = json.loads(routiq("org", "list", "--json").stdout)
    assert (listed["organization_id"], listed["base_url"]) == ("a", f"{control.address}/v1")
    synced = json.loads(routiq("sync", "a", "--json").stdout)
    assert synced["feeds"]["patients"]["rows_new"] == 2
    assert "never synced" not in routiq("org", "list").stdout
    swept = routiq("sync", "a", "--sweep")
    assert "patients" in swept.stdout
    built = json.loads(routiq("build", "--json").stdout)
    assert (built["published"], built["held_back"]) == (["a"], {})
    assert built["rows_written"] > 0


@pytest.mark.usefixtures("settings")
def test_an_incomplete_sync_counts_and_says_what_is_missing(tmp_path: Path) -> None:
    """On standard error and with success, so that `routiq sync ORG && routiq build` goes on."""
    odd = patient(3, merged_at="no instant")
    folder = make_clinic(tmp_path / "clinics" / "harbour", {"patients": [patient(1), patient(2), odd]})
    with run_cliniko([folder]) as address:
        control = Control(address, "harbour")
        add(control)
        control.fault("status", status=503, path="communications")
        synced = routiq("sync", "a")
        assert synced.exit_code == 0
        assert "incomplete: " in synced.stdout
        assert "unavailable" in synced.stdout
        for part in (
            "patients: 1 record is refused (merged_at: not an instant",
            "one is 3",
            "communications",
            "503",
        ):
            assert part in synced.stderr
        assert "stamina" not in synced.output

        again = routiq("sync", "a", "--json")
        found = json.loads(again.stdout)
        assert found["status"] == "incomplete"
        assert [(one["feed"], one["what"], one["example_id"]) for one in found["problems"]] == [
            ("communications", "unavailable", None),
            ("patients", "refused", "3"),
        ]
        control.heal()
        control.put(patients=[patient(3)])
        whole = routiq("sync", "a", "--json")
        assert (json.loads(whole.stdout)["status"], json.loads(whole.stdout)["problems"]) == ("succeeded", [])
        assert "incomplete" not in whole.stderr


@pytest.mark.usefixtures("settings")
def test_what_is_set_for_an_organization_is_set_and_nothing_else(control: Control) -> None:
    add(control)
    shown = routiq("org", "set", "a", "--treatment-notes", "everybody", "--no-sync").stdout
    assert "active, not synced by itself, treatment notes: admins and members" in shown
    shown = routiq("org", "set", "a", "--treatment-notes", "nobody").stdout
    assert "active, not synced by itself, treatment notes: nobody" in shown
    assert "active, synced every hour" in routiq("org", "set", "a", "--sync").stdout
    [listed] = json.loads(routiq("org", "list", "--json").stdout)
    assert (listed["is_active"], listed["sync_enabled"], listed["treatment_note_roles"]) == (True, True, [])
    with pytest.raises(CommandError, match="no organization is called b"):
        routiq("org", "set", "b", "--sync")


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("key", ["another-key-au2", "ünprintable", " "])
def test_a_key_that_does_not_work_is_not_stored(control: Control, key: str) -> None:
    with pytest.raises(CommandError) as refusal:
        add(control, key)
    assert key not in str(refusal.value) or not key.strip()
    assert routiq("org", "list", "--json").stdout.strip() == "[]"


@pytest.mark.usefixtures("settings")
def test_errors_say_what_to_do(control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="no organization 'nobody'"):
        routiq("sync", "nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        routiq("org", "add", "--id", "a", "--name", "A", "--api-key-file", "/nowhere/key")
    with pytest.raises(CommandError, match="neither Cliniko over https nor this machine"):
        routiq(
            *("org", "add", "--id", "a", "--name", "A", "--api-key-file", "-"),
            *("--base-url", "https://example.com"),
            typed="invented-au2\n",
        )
    add(control)
    monkeypatch.setenv("ROUTIQ_POSTGRES_PORT", "9")
    with pytest.raises(CommandError, match="database cannot be reached"):
        routiq("sync", "a")
