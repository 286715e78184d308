"""Records have Cliniko's shape: every field of the reference's tables, links, empty relations absent."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.clinics.clock import maybe_iso
from sandbox.clinics.records.base import money
from sandbox.clinics.story import load_story
from tests.sandbox.clinics.conftest import rows
from tests.sandbox.clinics.reference_fields import FIELDS, RELATIONS

MUST_LINK = {
    "individual_appointments": {"patient", "practitioner", "appointment_type", "business"},
    "group_appointments": {"practitioner", "appointment_type", "business"},
    "attendees": {"patient", "booking"},
    "invoices": {"patient", "business"},
    "invoice_items": {"invoice"},
    "treatment_notes": {"patient", "practitioner"},
    "communications": {"patient"},
    "patient_cases": {"patient"},
}
EXTRA = {"communications": {"content_subject", "confidential"}}


@pytest.mark.parametrize("resource", sorted(FIELDS))
def test_every_field_is_there_and_no_other(generated: Path, resource: str) -> None:
    fields, relations = set(FIELDS[resource].split()), set(RELATIONS[resource].split())
    records = rows(generated, resource)
    assert records
    for record in records:
        names = set(record) - EXTRA.get(resource, set())
        assert fields | MUST_LINK.get(resource, set()) <= names <= fields | relations
        assert record["links"]["self"].endswith(f"/v1/{resource}/{record['id']}")


@pytest.mark.parametrize("resource", sorted(FIELDS))
def test_relations_are_links_and_never_null(generated: Path, resource: str) -> None:
    relations = set(RELATIONS[resource].split())
    for record in rows(generated, resource):
        for name in relations & set(record):
            if name != "repeats":
                assert record[name]["links"]["self"].startswith("https://api.au2.cliniko.com/v1/")


def target(record: dict[str, Any], relation: str) -> str:
    address: str = record[relation]["links"]["self"]
    return address.rsplit("/", 1)[1]


def test_links_lead_to_records_that_exist(generated: Path) -> None:
    ids = {resource: {row["id"] for row in rows(generated, resource)} for resource in FIELDS}
    bookings = ids["individual_appointments"] | ids["group_appointments"]
    assert all(target(row, "booking") in bookings for row in rows(generated, "attendees"))
    assert all(target(row, "invoice") in ids["invoices"] for row in rows(generated, "invoice_items"))
    for resource in ("individual_appointments", "invoices", "treatment_notes", "communications"):
        assert all(target(row, "patient") in ids["patients"] for row in rows(generated, resource))


def test_nothing_two_records_share_an_id(generated: Path) -> None:
    ids = [row["id"] for resource in FIELDS for row in rows(generated, resource)]
    assert [one for one, times in Counter(ids).items() if times > 1] == []


def test_records_say_what_the_story_says(generated: Path) -> None:
    story = load_story(generated)
    shown = {row["id"]: row for row in rows(generated, "individual_appointments")}
    seats = {row["id"]: row for row in rows(generated, "attendees")}
    for patient in story.patients.values():
        for visit in patient.visits:
            row = shown[visit.id] if visit.class_id is None else seats[visit.id]
            assert target(row, "patient") == patient.id
            assert row["cancelled_at"] == maybe_iso(visit.cancelled_at)
            assert row["archived_at"] == maybe_iso(visit.removed_at)
            if visit.class_id is None:
                assert row["starts_at"] == maybe_iso(visit.starts_at)
                assert row["did_not_arrive"] == visit.did_not_arrive


def test_a_merged_patient_points_to_the_survivor(generated: Path) -> None:
    merged = [row for row in rows(generated, "patients") if row["merged_at"]]
    assert merged
    assert all(row["archived_at"] and target(row, "merged_with_patient") != row["id"] for row in merged)


def test_invoices_are_the_sum_of_their_items(generated: Path) -> None:
    total: Counter[str] = Counter()
    for item in rows(generated, "invoice_items"):
        total[target(item, "invoice")] += round(item["total_including_tax"] * 100)
    for invoice in rows(generated, "invoices"):
        assert round(float(invoice["total_amount"]) * 100) == total[invoice["id"]]


def test_credits_point_back(generated: Path) -> None:
    ids = {row["id"] for row in rows(generated, "invoices")}
    credits_ = [row for row in rows(generated, "invoices") if "original_invoice" in row]
    assert credits_
    assert all(target(row, "original_invoice") in ids for row in credits_)
    assert {row["total_amount"].startswith("-") for row in credits_} == {True, False}


def test_memos_and_inbound_messages_are_both_there(generated: Path) -> None:
    kinds = Counter(
        (row["category_code"] == 12, row["direction_code"]) for row in rows(generated, "communications")
    )
    assert min(kinds[memo, direction] for memo in (True, False) for direction in (1, 2)) > 0


@pytest.mark.parametrize(("cents", "text"), [(12_100, "121.0"), (8_855, "88.55"), (-5, "-0.05"), (0, "0.0")])
def test_money_has_a_varying_scale(cents: int, text: str) -> None:
    assert money(cents) == text
