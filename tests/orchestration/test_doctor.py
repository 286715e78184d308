"""Each fault is found and comes with what to do; a healthy part is said to be well."""

import os
import socket
from pathlib import Path

import psycopg
import pytest

from orchestration.diagnosis import Finding, examine
from orchestration.settings import PlatformSettings
from tests.conftest import free_port
from tests.serving.conftest import run_clerk
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

PARTY = "https://app.example.com"
SIGN_IN = {"clerk_issuer": "http://127.0.0.1:1", "clerk_authorized_parties": PARTY}


@pytest.fixture
def settings(warehouse: Settings, tmp_path: Path) -> Settings:
    """A migrated database, and a home with nothing running in it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    secrets = home / "secrets.env"
    secrets.write_bytes((warehouse.home / "secrets.env").read_bytes())
    secrets.chmod(0o600)
    return warehouse.model_copy(update={"home": home})


def platform(**more: object) -> PlatformSettings:
    return PlatformSettings.model_validate(
        {"api_port": free_port(), "dagster_port": free_port(), "docs_port": free_port(), **SIGN_IN, **more}
    )


def faults(settings: Settings, platform: PlatformSettings) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(settings, platform) if not finding.is_well}


def test_what_is_well_is_not_a_fault(settings: Settings, tmp_path: Path) -> None:
    with run_clerk(tmp_path / "clerk") as clerk:
        looked_at = examine(settings, platform(clerk_issuer=clerk.url))
    found = {finding.subject: finding for finding in looked_at if not finding.is_well}
    said = next(finding.detail for finding in looked_at if finding.subject == "sign-in")
    assert clerk.url in said
    assert f"{PARTY} are taken: 1 of its keys" in said
    assert not {"state", "sign-in", "ports", "migrations", "Cliniko keys"} & found.keys()
    assert "routiq up" in found["processes"].remedy
    assert "routiq build" in found["data"].remedy


def test_open_secrets_are_found(settings: Settings) -> None:
    (settings.home / "secrets.env").chmod(0o644)
    assert "chmod 600" in faults(settings, platform())["state"].remedy


def test_a_taken_port_is_found_with_its_setting(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        found = faults(settings, platform(api_port=stranger.getsockname()[1]))
    assert "ROUTIQ_API_PORT" in found["ports"].remedy


def test_missing_sign_in_is_found(settings: Settings) -> None:
    assert "ROUTIQ_CLERK_ISSUER" in faults(settings, platform(clerk_issuer=""))["sign-in"].detail


def test_an_issuer_that_is_away_is_found(settings: Settings) -> None:
    found = faults(settings, platform(clerk_issuer=f"http://127.0.0.1:{free_port()}"))["sign-in"]
    assert "cannot be reached (ConnectError)" in found.detail
    assert "ROUTIQ_CLERK_ISSUER" in found.remedy


def test_somebody_real_beside_an_issuer_on_this_machine_is_found(settings: Settings) -> None:
    add_organization(settings, "org_a", "A", "https://api.au1.cliniko.com/v1", Secret(os.urandom(8).hex()))
    found = [one for one in examine(settings, platform()) if one.subject == "sign-in" and not one.is_well]
    assert any("org_a" in one.detail and "ROUTIQ_ALLOW_LOOPBACK_ISSUER" in one.detail for one in found)


def test_an_old_schema_is_found(settings: Settings) -> None:
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute("update app.alembic_version set version_num = '0001'")
    assert "0001" in faults(settings, platform())["migrations"].detail


def test_a_key_that_does_not_open_is_found(settings: Settings) -> None:
    add_organization(settings, "org_a", "A", "https://api.au1.cliniko.com/v1", Secret(os.urandom(8).hex()))
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute("update app.cliniko_credentials set wrapped_key = 'x'")
    found = faults(settings, platform())
    assert "org_a" in found["Cliniko keys"].detail
    assert "no data yet" in found["syncs"].detail


def test_a_database_that_is_away_is_found_and_ends_nothing(settings: Settings) -> None:
    away = settings.model_copy(update={"postgres_port": free_port()})
    found = faults(away, platform())
    assert {"database", "migrations", "Cliniko keys", "syncs"} <= found.keys()
