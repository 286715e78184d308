"""Each fault is found and comes with what to do; a healthy part is said to be well."""

import base64
import os
import socket
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from operations.doctor import Finding, examine
from operations.settings import PlatformSettings
from orchestration.alerts.alerting import deliver, note_job
from orchestration.dbt.build import build_lock
from sandbox.messages import run_sink
from tests.conftest import free_port
from tests.orchestration.runs import add_clinic, ended, execute, publish, quarantine, running
from tests.serving.conftest import run_clerk
from warehouse.organizations import add_organization, rewrap_keys
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


def said(settings: Settings, subject: str, **more: object) -> list[tuple[str, bool]]:
    """What the doctor says of a subject, and whether that is well."""
    found = examine(settings, platform(**more))
    return [(finding.detail, finding.is_well) for finding in found if finding.subject == subject]


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


def test_a_key_of_the_master_key_before_is_found_with_its_command(settings: Settings) -> None:
    add_organization(settings, "org_a", "A", "https://api.au1.cliniko.com/v1", Secret(os.urandom(8).hex()))
    new = SecretStr(base64.b64encode(b"n" * 32).decode())
    changed = settings.model_copy(update={"master_key": new, "master_key_old": settings.master_key})
    assert "routiq org rewrap" in faults(changed, platform())["Cliniko keys"].remedy
    rewrap_keys(changed, settings.master_key_bytes())
    assert "Cliniko keys" not in faults(changed, platform())


def test_a_database_that_is_away_is_found_and_ends_nothing(settings: Settings) -> None:
    away = settings.model_copy(update={"postgres_port": free_port()})
    found = faults(away, platform())
    assert {"database", "migrations", "Cliniko keys", "syncs"} <= found.keys()


def test_what_an_incomplete_clinic_misses_is_a_fault_with_count_and_one_id(settings: Settings) -> None:
    add_clinic(settings, "org_a")
    add_clinic(settings, "org_b")
    publish(settings, "org_a")
    publish(settings, "org_b")
    ended(settings, "org_b", "succeeded", {"patients": "succeeded"})
    ended(settings, "org_a", "succeeded", {"invoices": "succeeded"}, hours_ago=2)
    execute(
        settings, "update app.sync_run_feeds set finished_at = '2026-03-01 08:00Z' where feed = 'invoices'"
    )
    ended(
        settings,
        "org_a",
        "incomplete",
        {"patients": "succeeded", "invoices": "unavailable"},
        refused={"patients": 12},
        feed_detail="/invoices: Cliniko answers 503",
    )
    quarantine(
        settings, "org_a", "patients", "archived_at", "not an instant", "refused", *map(str, range(88, 100))
    )
    quarantine(settings, "org_a", "patients", "email", "too long", "blanked", "7")
    assert said(settings, "unread") == [
        (
            "org_a: invoices unavailable, last read 2026-03-01 08:00 UTC: /invoices: Cliniko answers 503",
            False,
        ),
        ("org_a: patients: 12 records refused: archived_at: not an instant (e.g. 88)", False),
        ("org_a: patients: 1 record taken without a field: email: too long (e.g. 7)", False),
    ]
    [(of_a, _), (of_b, _)] = said(settings, "syncs")
    assert "; sync incomplete " in of_a
    assert of_a.endswith(" ago: 12 records refused, invoices not read")
    assert "; sync succeeded " in of_b
    execute(settings, "update app.organizations set sync_enabled = false")
    assert said(settings, "unread") == [("the last sync of each clinic read everything", True)]


def test_a_first_load_that_is_running_is_no_fault(settings: Settings) -> None:
    add_clinic(settings, "org_a")
    assert said(settings, "syncs") == [("org_a has no data yet", False)]
    running(settings, "org_a", pages=(12, 40))
    assert said(settings, "syncs") == [
        ("org_a has no data yet; its first sync running, 12 of 40 pages", True)
    ]
    execute(settings, "update app.sync_runs set lease_expires_at = now() - interval '1 s'")
    [(detail, is_well)] = said(settings, "syncs")
    assert "stalled" in detail
    assert not is_well
    execute(settings, "delete from app.sync_runs")
    ended(settings, "org_a", "succeeded")
    [(detail, is_well)] = said(settings, "syncs")
    assert "its build is about to begin" in detail
    assert is_well
    execute(settings, "update app.sync_runs set finished_at = now() - interval '3 minutes'")
    [(detail, is_well)] = said(settings, "syncs")
    assert "nothing was built since" in detail
    assert not is_well
    with build_lock(settings):
        [(detail, is_well)] = said(settings, "syncs")
    assert "a build is running" in detail
    assert is_well


def test_a_clinic_that_is_late_is_a_fault_and_a_paused_one_is_none(settings: Settings) -> None:
    add_clinic(settings, "org_a")
    ended(settings, "org_a", "failed", error_code="server_error", hours_ago=5)
    ended(settings, "org_a", "succeeded", hours_ago=4)
    publish(settings, "org_a", hours_ago=4)
    [(detail, is_well)] = said(settings, "syncs")
    assert detail.startswith("org_a is late: data as of ")
    assert not is_well
    assert [is_well for _, is_well in said(settings, "syncs", stale_after_hours=5)] == [True]
    ended(settings, "org_a", "failed", error_code="server_error")
    execute(settings, "update app.organizations set sync_enabled = false")
    [(detail, is_well)] = said(settings, "syncs")
    assert "it is not synced by itself" in detail
    assert is_well


def test_an_alert_that_was_not_delivered_is_a_fault(settings: Settings) -> None:
    assert [is_well for _, is_well in said(settings, "alerts")] == [True]
    with (
        run_sink(refusals=1) as sink,
        psycopg.connect(settings.url("owner"), autocommit=True) as connection,
    ):
        note_job(connection, "daily", "failed", "the run broke off", "run-1")
        deliver(connection, [sink.address], "https://dagster.example.com")
        undelivered, job = said(settings, "alerts", alert_urls=sink.address)
        assert undelivered == (
            "Dagster's job daily, failed: address 1 of ROUTIQ_ALERT_URLS (json) does not take it (tried: 1)",
            False,
        )
        assert job[0].startswith("Dagster's job daily fails since ")
        note_job(connection, "daily", "fine", "the last run came through", "run-2")
        assert said(settings, "alerts", alert_urls=sink.address) == [
            ("whatever was to be told is told, to 1 addresses", True)
        ]
