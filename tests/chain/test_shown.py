"""The whole way of what a sync could not read: from Cliniko over HTTP to the API, the doctor and an alert."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ingestion.pipeline import prepare_dlt
from ingestion.sync import sync_organization
from orchestration.alerts.alerting import deliver, note_standings
from orchestration.alerts.standing import find_standings
from orchestration.alerts.unread import find_unread
from sandbox.cliniko.running import run_cliniko
from sandbox.messages import Sink, run_sink
from tests.ingestion.clinics import Control, key_of, make_clinic, patient
from tests.serving.conftest import run_api, run_clerk, settings_for
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

DASHBOARD = "/api/v1/admin/sync/dashboard/harbour"
HEALTH = "/api/v1/admin/monitoring/system-health"


def look(settings: Settings, sink: Sink) -> list[str]:
    """What the doctor says is missing; and whoever is to be told is told."""
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        note_standings(connection, find_standings(connection, timedelta(hours=3)))
        deliver(connection, [sink.address], "https://dagster.example.com")
        return [part.in_full() for part in find_unread(connection).get("harbour", [])]


def test_everybody_is_shown_what_is_missing_and_that_it_is_over(
    warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "0")
    monkeypatch.setenv("ROUTIQ_CLINIKO_RETRY_SECONDS", "0.01")
    settings = warehouse.model_copy(update={"home": tmp_path / "home"})
    prepare_dlt(settings)
    clinic = make_clinic(tmp_path / "harbour")
    with (
        run_cliniko([clinic]) as address,
        run_sink() as sink,
        run_clerk(tmp_path / "clerk") as clerk,
        run_api(settings_for(settings, clerk), clerk) as api,
    ):
        control = Control(address, "harbour")
        add_organization(settings, "harbour", "Harbour", f"{address}/v1", Secret(key_of("harbour")))
        odd = [patient(907, archived_at=5), patient(908, email=5)]
        control.put(patients=[*(patient(number) for number in range(1, 9)), *odd])
        control.fault("status", status=503, path="invoices")
        assert sync_organization(settings, "harbour").status == "incomplete"

        body = api.get(DASHBOARD, "harbour").json()
        missing = {feed["feed"]: feed for feed in body["incomplete_feeds"]}
        assert (missing["invoices"]["status"], missing["invoices"]["error_code"]) == (
            "unavailable",
            "server_error",
        )
        assert (missing["patients"]["refused"], missing["patients"]["blanked"]) == (1, 1)
        assert [(one["field"], one["effect"]) for one in missing["patients"]["fields"]] == [
            ("archived_at", "refused"),
            ("email", "blanked"),
        ]
        assert body["health_indicators"]["complete_sync"] is False
        assert body["sync_history"][0]["rows_blanked"] == 1
        assert not {"907", "908"} & set(str(body["incomplete_feeds"]).split("'"))
        assert api.get(HEALTH, "harbour").json()["health_status"]["status"] == "degraded"

        invoices, refused, blanked = look(settings, sink)
        assert invoices.startswith("invoices unavailable, never read: ")
        assert refused.startswith("patients: 1 record refused: archived_at: ")
        assert refused.endswith("(e.g. 907)")
        assert blanked.endswith("(e.g. 908)")
        [message] = sink.take()
        assert message["title"] == "Routiq: Harbour (harbour): sync incomplete"
        assert "invoices unavailable; patients: 1 record refused (archived_at)" in message["message"]
        assert "907" not in str(message)

        control.heal()
        control.put(patients=[patient(907), patient(908, updated_at=control.now())])
        assert sync_organization(settings, "harbour").status == "succeeded"
        body = api.get(DASHBOARD, "harbour").json()
        assert (body["incomplete_feeds"], body["health_indicators"]["complete_sync"]) == ([], True)
        assert look(settings, sink) == []
        assert [message["title"] for message in sink.take()] == ["Routiq: Harbour (harbour): recovered"]
