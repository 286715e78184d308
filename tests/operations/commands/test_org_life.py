"""The life of an organization as a person types it: whose account, a new key, a pause, a new master key."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from typer.testing import CliRunner, Result

from operations.cli import app
from operations.errors import CommandError
from sandbox.cliniko.running import run_cliniko
from tests.ingestion.clinics import Control, key_of, make_clinic, patient
from warehouse.organizations import api_key_of
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def clinics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Control]]:
    """Two clinics, each served by itself."""
    folder = tmp_path_factory.mktemp("clinics")
    with ExitStack() as stack:
        made = {}
        for name in ("harbour", "quayside"):
            clinic = make_clinic(folder / name, {"patients": [patient(1), patient(2)]})
            made[name] = Control(stack.enter_context(run_cliniko([clinic])), name)
        yield made


@pytest.fixture(autouse=True)
def healed(clinics: dict[str, Control]) -> None:
    for name, control in clinics.items():
        control.heal()
        control.change_account(country_code="AU", country="Australia", name=name)


def routiq(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=typed, catch_exceptions=False)


Add = Callable[..., Result]


@pytest.fixture
def add(settings: Settings, clinics: dict[str, Control]) -> Add:  # noqa: ARG001 - before anything is stored
    def add_one(clinic: str, organization_id: str, *more: str) -> Result:
        words = ("org", "add", "--id", organization_id, "--name", organization_id.title())
        address = ("--base-url", clinics[clinic].address, "--api-key-file", "-")
        return routiq(*words, *address, *more, typed=key_of(clinic) + "\n")

    return add_one


def rotate(organization_id: str, clinic: str, *more: str) -> Result:
    words = ("org", "rotate-key", organization_id, "--api-key-file", "-")
    return routiq(*words, *more, typed=key_of(clinic) + "\n")


def listed() -> dict[str, dict[str, object]]:
    return {one["organization_id"]: one for one in json.loads(routiq("org", "list", "--json").stdout)}


def everything(settings: Settings) -> list[object]:
    """All that adding and rotating may change, but for the stamps of requests."""
    with psycopg.connect(settings.url("owner")) as connection:
        return [
            connection.execute(f"select * from app.{table} order by organization_id").fetchall()
            for table in ("organizations", "cliniko_credentials", "cliniko_accounts")
        ]


def test_another_clinics_key_is_refused_and_nothing_changes(
    add: Add, settings: Settings, clinics: dict[str, Control]
) -> None:
    assert "the Cliniko account 'harbour', harbour, id " in add("harbour", "a").output
    before = everything(settings)
    with pytest.raises(CommandError, match=r"belongs to the Cliniko account 'quayside'.*but a is.*'harbour'"):
        add("quayside", "a", "--country", "GB")
    with pytest.raises(CommandError, match=r"belongs to the Cliniko account 'quayside'.*but a is.*'harbour'"):
        rotate("a", "quayside", "--base-url", clinics["quayside"].address)
    with pytest.raises(CommandError, match="is a already, and cannot be b too"):
        add("harbour", "b")
    assert everything(settings) == before


def test_a_key_is_rotated_without_a_name(add: Add, settings: Settings) -> None:
    add("harbour", "a")
    assert "key stored" in rotate("a", "harbour").output
    assert listed()["a"]["name"] == "A"
    with psycopg.connect(settings.url("owner")) as connection:
        row = connection.execute("select version, base_url from app.cliniko_credentials").fetchone()
    assert row == (2, listed()["a"]["base_url"])
    assert json.loads(routiq("sync", "a", "--json").stdout)["feeds"]["patients"]["rows_new"] == 2
    assert routiq("sync", "a").exit_code == 0


def test_a_key_that_does_not_work_does_not_replace_one_that_does(add: Add, settings: Settings) -> None:
    add("harbour", "a")
    before = everything(settings)
    with pytest.raises(CommandError, match="refuses the API key"):
        routiq("org", "rotate-key", "a", "--api-key-file", "-", typed="invented-another-au2\n")
    with pytest.raises(CommandError, match="the address to uk1"):
        rotate("a", "harbour", "--base-url", "https://api.uk1.cliniko.com")
    assert everything(settings) == before


def test_the_country_is_clinikos_unless_given(add: Add, clinics: dict[str, Control]) -> None:
    clinics["harbour"].change_account(country_code="GB")
    add("harbour", "a")
    assert listed()["a"]["country"] == "GB"
    add("harbour", "a", "--country", "nz")
    assert listed()["a"]["country"] == "NZ"
    add("harbour", "a")
    assert listed()["a"]["country"] == "NZ", "what a person gave stays"


def test_a_country_that_nobody_knows_is_asked_for(add: Add, clinics: dict[str, Control]) -> None:
    clinics["harbour"].change_account(country_code="XX", country="Atlantis")
    with pytest.raises(CommandError, match="--country"):
        add("harbour", "a")
    assert listed() == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [("UK", "United Kingdom is GB"), ("aus", "Australia is AU"), ("New Zealand", "is NZ"), ("xx", "AU, GB")],
)
def test_an_unknown_country_names_the_right_one(add: Add, given: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        add("harbour", "a", "--country", given)
    assert listed() == {}


def test_a_paused_organization_is_shown_and_not_synced_until_it_is_resumed(add: Add) -> None:
    add("harbour", "a")
    assert "paused" in routiq("org", "pause", "a").output
    assert "paused" in routiq("org", "list").output
    assert listed()["a"]["is_active"] is False
    with pytest.raises(CommandError, match="routiq org resume a"):
        routiq("sync", "a")
    assert "active, synced every hour" in routiq("org", "resume", "a").output
    assert "paused" not in routiq("org", "list").output
    assert routiq("sync", "a").exit_code == 0


def test_a_master_key_is_replaced_and_the_command_may_run_again(
    add: Add, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("harbour", "a")
    add("quayside", "b")
    with pytest.raises(CommandError, match="set ROUTIQ_MASTER_KEY_OLD"):
        routiq("org", "rewrap")
    monkeypatch.setenv("ROUTIQ_MASTER_KEY_OLD", settings.master_key.get_secret_value())
    new = base64.b64encode(b"n" * 32).decode()
    monkeypatch.setenv("ROUTIQ_MASTER_KEY", new)
    with pytest.raises(CommandError, match="does not open"):
        routiq("sync", "a")
    assert "a, b" in routiq("org", "rewrap").output
    assert "nothing, all were" in routiq("org", "rewrap").output
    monkeypatch.delenv("ROUTIQ_MASTER_KEY_OLD")
    assert api_key_of(Settings.load(), "b").api_key.reveal() == key_of("quayside")
    assert routiq("sync", "a").exit_code == 0


def test_a_master_key_that_opens_one_key_not_changes_none(
    add: Add, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("harbour", "a")
    add("quayside", "b")
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "update app.cliniko_credentials set wrapped_key = 'spoilt' where organization_id = 'b'"
        )
    before = everything(settings)
    monkeypatch.setenv("ROUTIQ_MASTER_KEY_OLD", settings.master_key.get_secret_value())
    monkeypatch.setenv("ROUTIQ_MASTER_KEY", base64.b64encode(b"n" * 32).decode())
    with pytest.raises(CommandError, match="neither master key opens the key of b"):
        routiq("org", "rewrap")
    assert everything(settings) == before


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    "words",
    [
        ("org", "pause", "org_typo"),
        ("org", "resume", "org_typo"),
        ("org", "set", "org_typo", "--sync"),
        ("org", "rotate-key", "org_typo", "--api-key-file", "-"),
        ("sync", "org_typo"),
        ("token", "--org", "org_typo"),
        ("audit", "verify", "--organization", "org_typo"),
        ("audit", "who-saw", "1", "--organization", "org_typo"),
        ("audit", "who-saw", "nobody"),
    ],
)
def test_whom_nobody_knows_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"no organization|no patient"):
        routiq(*words, typed="invented-au2\n")


def test_a_patient_who_was_read_but_not_seen_is_known(add: Add) -> None:
    add("harbour", "a")
    routiq("sync", "a")
    assert "0 times" in routiq("audit", "who-saw", "2").output


def test_the_version_is_told() -> None:
    assert routiq("--version").output.startswith("routiq 0.")
