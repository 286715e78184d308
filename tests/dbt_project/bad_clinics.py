"""Clinics nobody would believe: what Cliniko may show, and instants that our validator would not let in."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg

from tests.dbt_project.clinic import NOON, Clinic, days, phone

HUGE = Decimal("9999999999999999.9999")
NAMES = {
    "101": ("מרים", "אבו־חצירא"),
    "102": ("مُحَمَّد", "\u202bالقُرَشيّ\u202c"),  # noqa: RUF001
    "103": ("Zoe\u0308", "Nguyễn Thị"),
    "104": ("👩\u200d⚕️", "王小明"),
    "105": ("ក្រមា", "\u200bO'Brien; drop table--"),
    "106": (None, ""),
}
FORGOTTEN = ("Zyxwvut", "zyxwvut@example.com", "+61491570777", "told me in confidence")


END_OF_TIME = (
    *(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    *("infinity", "-infinity"),
)


def draw_strange(clinic: Clinic) -> None:
    for patient, (first, last) in NAMES.items():
        clinic.patient(patient, first_name=first, last_name=last)
    numbers = [phone("x"), phone("y", e164="+14155550123"), phone("z", e164="+61491570006")]
    clinic.patient("1", patient_phone_numbers=numbers)
    clinic.patient("2", patient_phone_numbers={"not": "a list"})
    clinic.patient("3", patient_phone_numbers=["text", 5, None, phone("w", "Fax", "+61491570007")])
    for currency, symbol in enumerate(("$", "€", "₹")):
        clinic.add("settings", id=str(currency), currency_symbol=symbol)
    for number, total in enumerate((HUGE, HUGE, HUGE, -HUGE, Decimal("-0.0001"), None)):
        clinic.add("invoices", id=str(400 + number), patient_id="1", total_amount=total)
    clinic.add("invoices", id="410", patient_id="1", total_amount=-5, original_invoice_id="404")
    clinic.add("businesses", id="1", time_zone_identifier="Mars/Olympus_Mons")


def draw_orphans(clinic: Clinic) -> None:
    """Records of nobody, of somebody unknown, and of somebody purged."""
    clinic.patient("20", created_at=None, updated_at=None)
    clinic.purge("patients", "20")
    for number, patient in enumerate((None, "999", "20")):
        clinic.visit(f"12{number}", patient, NOON - days(2))  # type: ignore[arg-type]
        clinic.seat(f"32{number}", patient, "200")  # type: ignore[arg-type]
        clinic.add("invoices", id=f"42{number}", patient_id=patient, total_amount=7)
        clinic.add("communications", id=f"52{number}", patient_id=patient, direction_code=2)
        clinic.add("patient_cases", id=f"62{number}", patient_id=patient)
        clinic.add("treatment_notes", id=f"72{number}", patient_id=patient, content={"sections": [None, 5]})
    clinic.add("group_appointments", id="200", starts_at=NOON - days(2))
    clinic.add("group_appointments", id="201", starts_at=NOON - days(2))  # nobody came
    clinic.seat("330", "1", "299")  # no such class


def draw_merges(clinic: Clinic) -> None:
    merges = {"30": "30", "31": "32", "32": "33", "33": "31", "34": "35", "35": "36", "36": None, "37": "998"}
    for patient, into in merges.items():
        clinic.patient(patient, merged_with_patient_id=into)
        clinic.visit(f"1{patient}", patient, NOON - days(int(patient)))
    clinic.patient("38", merged_at=NOON)  # into nobody


def draw_bookings(clinic: Clinic) -> None:
    clinic.purge("practitioners", "71")
    clinic.purge("appointment_types", "81")
    clinic.visit("140", "1", NOON - days(3), ends_at=NOON - days(4))
    clinic.visit("141", "2", NOON - days(3), practitioner_id="997", appointment_type_id="996", ends_at=None)
    clinic.add("individual_appointments", id="142", patient_id="2")
    clinic.add("patient_cases", id="640", patient_id="1", created_at=NOON, closed_at=NOON - days(900))


def draw_person(clinic: Clinic) -> None:
    """Somebody who will be purged, with a record that was merged into theirs."""
    name, email, number, told = FORGOTTEN
    clinic.patient("50", first_name=name, email=email, patient_phone_numbers=[phone("n", e164=number)])
    clinic.patient("51", last_name=name, email=email, merged_with_patient_id="50")
    content = {"sections": [{"name": "Notes", "questions": [{"name": "Plan", "answer": told}]}]}
    clinic.add("treatment_notes", id="750", patient_id="50", title="x", content=content, draft=False)
    clinic.visit("150", "50", NOON - days(1))


def draw_ends_of_time(clinic: Clinic, *instants: Any) -> None:
    """Each of them in every column that has an instant."""
    for number, instant in enumerate(instants):
        ids = f"{number}5"
        clinic.patient(ids, created_at=instant, archived_at=instant)
        ends = {"created_at": instant, "ends_at": instant, "cancelled_at": instant}
        clinic.visit(f"1{ids}", ids, NOON, **ends)
        clinic.add("individual_appointments", id=f"9{ids}", patient_id=ids, starts_at=instant)
        clinic.add("group_appointments", id=f"2{ids}", starts_at=instant)
        clinic.seat(f"3{ids}", ids, f"2{ids}", created_at=instant)
        clinic.add("invoices", id=f"4{ids}", patient_id=ids, created_at=instant, total_amount=HUGE)
        clinic.add("communications", id=f"5{ids}", patient_id=ids, created_at=instant, direction_code=2)
        clinic.add("patient_cases", id=f"6{ids}", patient_id=ids, created_at=instant, closed_at=instant)
        clinic.add("treatment_notes", id=f"7{ids}", patient_id=ids, created_at=instant, title="x")


EXTREMES: dict[str, tuple[Any, ...]] = {
    "timestamp with time zone": ("infinity", "-infinity", "4713-01-01 BC", "294276-12-31", None),
    "date": ("infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"),
    "numeric": (HUGE, -HUGE, "NaN"),
    "bigint": (2**63 - 1, -(2**63)),
    "boolean": (None,),
    "text": ("x" * 100_000, "", " ", "\u202e"),
    "jsonb": ("null", "5", '"x"', "{}", '[[{}], null, {"phone_e164": {}}]', '{"sections": {"a": 1}}'),
}


def draw_extremes(clinic: Clinic) -> None:
    """In every column of every feed, as the raw tables are, the ends of its type, one a record."""
    with psycopg.connect(clinic.settings.url("owner")) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'raw_cliniko' and left(table_name, 5) <> '_dlt_'"
            " and left(column_name, 5) <> '_dlt_'"
            " and column_name not in ('organization_id', 'id', 'seen_at') order by 1, 2"
        ).fetchall()
    sane = {"patient_id": "10", "starts_at": NOON - days(3), "booking_id": "200", "direction_code": 2}
    known = {(feed, column) for feed, column, _ in columns}
    number = 1000
    for feed, column, kind in columns:
        for value in ("0", "9" * 20) if column.endswith("_id") else EXTREMES[kind]:
            number += 1
            row = {name: given for name, given in sane.items() if (feed, name) in known}
            clinic.add(feed, **{**row, "id": str(number), column: value})
    clinic.add("group_appointments", id="200", starts_at=NOON - days(3))
