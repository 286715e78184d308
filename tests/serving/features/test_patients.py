"""Route 16: one patient's page: visits, outreach and notes in order, by the merged id too, notes by role."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from serving.features.patients.schemas import PatientPage
from tests.serving import marts
from tests.serving.checks import audit_rows, problem
from tests.serving.conftest import Api
from tests.serving.routes import PATIENT
from warehouse.settings import Settings

PAGE = "/api/v1/reengagement/org_a/patients/{}"
ORG = {"organization_id": "org_a"}


def visit(visit_id: str, days: float, status: str = "attended", **more: Any) -> marts.Row:
    return {
        **ORG,
        "visit_id": visit_id,
        "patient_id": "101",
        "starts_at": marts.days_ago(days),
        "created_at": marts.days_ago(days + 7),
        "status": status,
        "is_late_cancellation": False,
        "appointment_type_id": "81",
        "practitioner_id": "71",
    } | more


def note(note_id: str, days: float, **more: Any) -> marts.Row:
    return {
        **ORG,
        "treatment_note_id": note_id,
        "patient_id": "101",
        "practitioner_id": "71",
        "noted_at": marts.days_ago(days),
        "title": "Progress",
        "note": f"Note {note_id}",
        "is_draft": False,
    } | more


ROWS: dict[Any, list[marts.Row]] = {
    "marts.dim_patients": [marts.patient_row("org_a", "102", survivor_patient_id="101", is_merged=True)],
    "marts.dim_appointment_types": [
        {**ORG, "appointment_type_id": "81", "appointment_type_name": "Physio"},
        {"organization_id": "org_b", "appointment_type_id": "81", "appointment_type_name": "Not ours"},
    ],
    "marts.dim_practitioners": [{**ORG, "practitioner_id": "71", "practitioner_name": "Dr Ada Sample"}],
    "marts.visits_as_of": [
        visit("9", 5),
        visit("10", 5, appointment_type_id="none", practitioner_id=None),
        visit("11", -3, "booked"),
        visit("12", 40, "cancelled", cancelled_at=marts.days_ago(40.5), is_late_cancellation=True),
        visit("13", 6, patient_id="999"),
        visit("14", 6, organization_id="org_b"),
    ],
    "marts.fct_treatment_notes": [
        note("1", 10),
        note("2", 4, title=None),
        note("3", 3, is_draft=True),
        note("4", 3, removed_at=marts.days_ago(1)),
        note("5", 3, removed_at=marts.days_ago(-1)),
        note("6", -1),
        note("7", 3, organization_id="org_b"),
    ],
}


@pytest.fixture(scope="module", autouse=True)
def history(clinics: Settings) -> None:
    with psycopg.connect(clinics.url("owner")) as connection:
        for table, rows in ROWS.items():
            marts.insert(connection, table, rows)
        for number, (patient_id, days, outcome) in enumerate(
            [("101", 9, "failed"), ("102", 8, "no_response"), ("101", 0.5, "success"), ("101", -1, "success")]
        ):
            connection.execute(
                "insert into app.outreach_log (organization_id, id, patient_id, method, outcome, occurred_at,"
                " logged_at, logged_by) values ('org_a', %s, %s, 'phone', %s, %s, %s, 'user_desk')",
                [f"00000000-0000-4000-8000-{number:012}", patient_id, outcome] + [marts.days_ago(days)] * 2,
            )


def page(api: Api, patient_id: str = "101", **order: Any) -> dict[str, Any]:
    answer = api.client.get(PAGE.format(patient_id), headers=api.clerk.bearer("org_a", **order))
    assert answer.status_code == 200
    PatientPage.model_validate_json(answer.text)
    body: dict[str, Any] = answer.json()
    return body


def test_visits_of_this_patient_the_latest_first(clinic_api: Api) -> None:
    visits = page(clinic_api)["visits"]
    assert [(row["id"], row["status"]) for row in visits] == [
        *(("11", "booked"), ("9", "attended"), ("10", "attended"), ("12", "cancelled")),
    ]
    assert visits[1] == {
        "id": "9",
        "date": "2025-06-25T12:00:00Z",
        "type": "Physio",
        "practitioner": "Dr Ada Sample",
        "status": "attended",
        "booked_at": "2025-06-18T12:00:00Z",
        "cancelled_at": None,
        "is_late_cancellation": False,
    }
    assert (visits[2]["type"], visits[2]["practitioner"]) == (None, None)
    assert visits[3]["cancelled_at"] == "2025-05-21T00:00:00Z"


def test_outreach_of_merged_records_too_and_none_to_come(clinic_api: Api) -> None:
    assert [(row["date"], row["outcome"]) for row in page(clinic_api)["outreach"]] == [
        ("2025-06-30T00:00:00Z", "success"),
        ("2025-06-22T12:00:00Z", "no_response"),
        ("2025-06-21T12:00:00Z", "failed"),
    ]


def test_a_merged_id_answers_with_the_survivor(clinic_api: Api, clinics: Settings) -> None:
    assert page(clinic_api, "102") == page(clinic_api, "101")
    assert audit_rows(clinics)[-2][4] == ["101"]


def test_notes_are_for_the_roles_that_the_organization_allows(clinic_api: Api, clinics: Settings) -> None:
    assert page(clinic_api)["treatment_notes"] is None
    assert audit_rows(clinics)[-1][7] == {"treatment_notes": False}
    notes = page(clinic_api, role="admin")["treatment_notes"]
    assert audit_rows(clinics)[-1][7] == {"treatment_notes": True}
    assert [row["id"] for row in notes] == ["5", "2", "1"]
    assert notes[2] == {
        "id": "1",
        "date": "2025-06-20T12:00:00Z",
        "practitioner": "Dr Ada Sample",
        "title": "Progress",
        "note": "Note 1",
    }


@pytest.fixture
def roles(clinics: Settings) -> Iterator[psycopg.Connection[Any]]:
    change = "update app.organizations set treatment_note_roles = %s where organization_id = 'org_a'"
    with psycopg.connect(clinics.url("owner"), autocommit=True) as connection:
        yield connection
        connection.execute(change, [["admin"]])


@pytest.mark.parametrize(
    ("allowed", "readers"),
    [([], set()), (["member"], {"member"}), (["admin", "member"], {"admin", "member"})],
)
def test_the_organization_decides(
    clinic_api: Api, roles: psycopg.Connection[Any], allowed: list[str], readers: set[str]
) -> None:
    roles.execute(
        "update app.organizations set treatment_note_roles = %s where organization_id = 'org_a'", [allowed]
    )
    found = {role: page(clinic_api, role=role)["treatment_notes"] for role in ("admin", "member")}
    assert {role for role, notes in found.items() if notes is not None} == readers


@pytest.mark.parametrize("patient_id", ["202", "9", "999", "patient_123"])
def test_another_clinics_patient_is_simply_unknown(clinic_api: Api, patient_id: str) -> None:
    body = problem(clinic_api.get(PAGE.format(patient_id)), 404)
    assert body["detail"] == "We do not know this patient."


@pytest.mark.parametrize("patient_id", ["%00", "1%20or%201=1", "%ED%A0%80", "x" * 65])
def test_odd_ids_are_refused_before_the_database(clinic_api: Api, patient_id: str) -> None:
    before = clinic_api.connections_taken()
    problem(clinic_api.get(PAGE.format(patient_id)), 422)
    assert clinic_api.connections_taken() == before


def test_the_list_is_nobodys_id(clinic_api: Api) -> None:
    assert "patients" in clinic_api.get(PATIENT.format("org_a").replace("101", "prioritized")).json()
