"""A clinic whose records are odd in places: from Cliniko over HTTP to what the API answers.

An archived patient with an odd phone is on no list, a cancelled booking with an odd reason is cancelled, an
invoice with six decimals counts exactly, and ids are ids whether Cliniko writes text or numbers.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.chain.conftest import Chain, Clinic, run_chain
from tests.ingestion.clinics import Control, Record, appointment, key_of, link, make_clinic, patient
from warehouse.settings import Settings

NAME = "odd"
FORBIDDEN = [
    {"number": "0491 570 156 - DO NOT CALL", "normalized_number": None, "phone_type": "Mobile"},
    {"number": "(02) 5550 0123 (mum)", "normalized_number": None, "phone_type": "Home"},
]
VISITOR = [{"number": "020 7946 0123", "normalized_number": "612079460123", "phone_type": "Mobile"}]


def at(as_of: datetime, days: float) -> str:
    return (as_of + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def visit(record_id: int, patient_id: int, as_of: datetime, days: float, **fields: Any) -> Record:
    stamps = {"created_at": at(as_of, -90), "updated_at": at(as_of, -89)}
    return appointment(record_id, patient_id, starts_at=at(as_of, days), **{**stamps, **fields})


def invoice(record_id: int, patient_id: int, total: Any, **fields: Any) -> Record:
    stamps = {"created_at": "2026-02-03T01:12:44Z", "updated_at": "2026-02-03T01:12:44Z"}
    whose = {"patient": link("patients", str(patient_id)), "number": record_id}
    return {"id": str(record_id), "total_amount": total, **stamps, **whose, **fields}


def records(as_of: datetime) -> dict[str, list[Record]]:
    archived = {"archived_at": at(as_of, -5), "patient_phone_numbers": "0491570006"}
    return {
        "patients": [
            patient(1),
            patient(2, **archived),
            patient(3, id=3),
            patient(4, patient_phone_numbers=FORBIDDEN, email=["odd"]),
            patient(5, patient_phone_numbers=VISITOR, country_code="GB"),
        ],
        "individual_appointments": [
            *(visit(10 + number, number, as_of, -20) for number in (1, 2, 4, 5)),
            visit(13, 3, as_of, -20, id=13),
            visit(21, 1, as_of, 3, cancelled_at=at(as_of, -1), cancellation_reason="sick"),
        ],
        "invoices": [
            invoice(31, 1, "100.123456"),
            invoice(32, 1, 0.000001),
            invoice(33, 1, "-20.1", original_invoice=link("invoices", "31")),
            invoice(34, 3, "1.10", id=34),
            invoice(35, 4, 85.5, tax_amount="odd", status=["x"]),
        ],
    }


@pytest.fixture(scope="module")
def chain(
    module_warehouse: Settings, as_of: datetime, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chain]:
    folder = make_clinic(tmp_path_factory.mktemp("clinics") / NAME, records(as_of))
    clinic = Clinic(f"org_{NAME}", folder, "AU", key_of(NAME))
    with run_chain(module_warehouse, (clinic,), as_of, tmp_path_factory.mktemp("clerk")) as chain:
        yield chain


def listed(chain: Chain) -> dict[str, dict[str, Any]]:
    body = chain.ask(chain.clinics[0], "/api/v1/reengagement/{org}/patients/prioritized")
    return {row["id"]: row for row in body["patients"]}


def ask(chain: Chain, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(chain.settings.url("owner"), row_factory=dict_row) as connection:
        return connection.execute(query, {"org": chain.clinics[0].organization_id}).fetchall()


def test_an_archived_patient_with_an_odd_phone_leaves_the_lists(chain: Chain) -> None:
    assert set(listed(chain)) == {"1", "3", "4", "5"}
    active = chain.ask(chain.clinics[0], "/api/v1/admin/active-patients/{org}")
    assert len(active["active_patients"]) == 4


def test_a_cancelled_booking_with_an_odd_reason_is_cancelled(chain: Chain) -> None:
    rows = ask(
        chain,
        "select status from marts.visits_as_of where organization_id = %(org)s and visit_id = '21'",
    )
    assert rows == [{"status": "cancelled"}]
    assert listed(chain)["1"]["next_scheduled_appointment"] is None


def test_amounts_count_to_the_last_decimal(chain: Chain) -> None:
    values = {patient_id: row["lifetime_value"] for patient_id, row in listed(chain).items()}
    assert values == {"1": "80.023457", "3": "1.10", "4": "85.50", "5": "0.00"}


def test_phones(chain: Chain) -> None:
    phones = {patient_id: row["phone"] for patient_id, row in listed(chain).items()}
    assert phones == {"1": "+61491570006", "3": "+61491570006", "4": "+61255500123", "5": "+442079460123"}
    rows = ask(
        chain,
        "select phone_note, has_forbidden_phone from marts.dim_patients"
        " where organization_id = %(org)s and patient_id = '4'",
    )
    assert rows == [{"phone_note": "mum", "has_forbidden_phone": True}]


def test_what_was_blanked_is_told_by_feed_and_field(chain: Chain) -> None:
    rows = ask(
        chain,
        "select feed, record_id, field, reason, effect from app.quarantine where organization_id = %(org)s"
        " order by feed, record_id, field",
    )
    assert [tuple(row.values()) for row in rows] == [
        ("individual_appointments", "21", "cancellation_reason", "not a whole number", "blanked"),
        ("invoices", "35", "status", "not a whole number", "blanked"),
        ("invoices", "35", "tax_amount", "not a decimal", "blanked"),
        ("patients", "2", "patient_phone_numbers", "not a list", "blanked"),
        ("patients", "4", "email", "not text", "blanked"),
    ]


def test_a_field_that_came_right_is_served_and_told_no_more(chain: Chain, as_of: datetime) -> None:
    """Its stamp did not move: the next read says so all the same."""
    control = Control(chain.cliniko_url, NAME)
    control.put(
        patients=[
            patient(4, patient_phone_numbers=FORBIDDEN, email="tess4@example.com"),
            patient(2, archived_at=at(as_of, -5)),
        ]
    )
    chain.sync(chain.clinics[0], kind="sweep")
    chain.build()
    assert listed(chain)["4"]["email"] == "tess4@example.com"
    open_rows = ask(
        chain,
        "select feed from app.quarantine where organization_id = %(org)s and resolved_at is null order by 1",
    )
    assert [row["feed"] for row in open_rows] == ["individual_appointments", "invoices", "invoices"]
