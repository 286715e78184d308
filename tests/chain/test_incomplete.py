"""The whole way of an optional feed that is away: its old data stay in the marts while the rest moves on."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from ingestion.pipeline import prepare_dlt
from ingestion.sync import sync_organization
from orchestration.dbt.build import build
from sandbox.cliniko.running import run_cliniko
from tests.ingestion.clinics import Control, Record, invoice, key_of, make_clinic, patient
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings


def marts(settings: Settings, feed: str = "invoices") -> dict[str, Any]:
    """What readers would be served, and how old it is said to be."""
    query = """
        select
            (select array_agg(patient_id order by patient_id) from marts.dim_patients) as patients,
            (select array_agg(invoice_id order by invoice_id) from marts.fct_invoices) as invoices,
            (select can_read_invoices from marts.dim_organizations) as can_read,
            (select status from marts.sync_health where feed = %(feed)s) as status,
            (select data_as_of from marts.sync_health where feed = %(feed)s) as data_as_of
    """
    with psycopg.connect(settings.url("owner"), row_factory=dict_row) as connection:
        row = connection.execute(query, {"feed": feed}).fetchone()
    assert row is not None
    return row


def move_on(settings: Settings, control: Control, number: int) -> str:
    """One more patient and one more invoice, a sync and a build; returns what the sync came to."""
    now = control.now()
    more: dict[str, list[Record]] = {
        "patients": [patient(number, updated_at=now)],
        "invoices": [invoice(number, updated_at=now)],
    }
    control.put(**more)
    status = sync_organization(settings, "harbour").status
    assert build(settings).published == ["harbour"]
    return status


@pytest.mark.timeout(900)  # three builds
def test_invoices_that_are_away(warehouse: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "0")
    monkeypatch.setenv("ROUTIQ_CLINIKO_RETRY_SECONDS", "0.01")
    settings = warehouse.model_copy(update={"home": tmp_path / "home"})
    prepare_dlt(settings)
    clinic = make_clinic(tmp_path / "harbour")
    with run_cliniko([clinic]) as address:
        control = Control(address, "harbour")
        add_organization(settings, "harbour", "Harbour", f"{address}/v1", Secret(key_of("harbour")))
        assert move_on(settings, control, 1) == "succeeded"
        before = marts(settings)
        assert (before["invoices"], before["can_read"]) == (["1"], True)

        control.fault("status", status=503, path="invoices")
        assert move_on(settings, control, 2) == "incomplete"
        away = marts(settings)
        assert away["patients"] == ["1", "2"]
        assert (away["invoices"], away["can_read"], away["status"]) == (["1"], True, "unavailable")
        assert away["data_as_of"] == before["data_as_of"]
        assert marts(settings, "patients")["data_as_of"] > before["data_as_of"]

        control.heal()
        assert move_on(settings, control, 3) == "succeeded"
        back = marts(settings)
        assert back["invoices"] == ["1", "2", "3"]
        assert (back["can_read"], back["status"]) == (True, "succeeded")
        assert back["data_as_of"] > before["data_as_of"]
