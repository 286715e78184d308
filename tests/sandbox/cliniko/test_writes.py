"""The writes: what they change, what they refuse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.cliniko.clinic_files import CREATED, Api, Record, link, record, served, write_clinic

CLEAR: dict[str, Any] = {"archived_at": None, "deleted_at": None}
SEEN = {"cancelled_at": None, "cancellation_reason": None, "cancellation_reason_description": ""}
FLIPPED = "[choices]\narchive_sets_deleted_at = false\narchive_keeps_updated_at = []\n"


def records() -> dict[str, list[Record]]:
    return {
        "patients": [
            record("patients", number, first_name="Ann", last_name="A", **CLEAR) for number in (1, 2, 3)
        ],
        "individual_appointments": [
            record(
                "individual_appointments",
                number,
                starts_at="2026-03-01T01:00:00Z",
                ends_at="2026-03-01T02:00:00Z",
                **CLEAR,
                **SEEN,
            )
            for number in (11, 12, 13)
        ],
        "group_appointments": [record("group_appointments", 20, **CLEAR)],
        "attendees": [
            record("attendees", 21, booking=link("bookings", 20), **CLEAR, **SEEN),
            record("attendees", 22, booking=link("bookings", 11), **CLEAR, **SEEN),
        ],
        "treatment_notes": [record("treatment_notes", 31, **CLEAR)],
        "appointment_types": [record("appointment_types", 41, archived_at=None)],
    }


@pytest.fixture(scope="module")
def address(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("clinics")
    folders = [
        write_clinic(root / "written", records()),
        write_clinic(root / "flipped", records(), toml=FLIPPED),
        write_clinic(root / "shut", records(), toml='forbidden = ["patients"]\n'),
    ]
    with served(server, *folders) as address:
        yield address


@pytest.fixture(scope="module")
def api(address: str) -> Api:
    return Api(address, "written")


LIFTS = {
    "individual_appointments": ("archived_at:*", "deleted_at:*", "cancelled_at:*"),
    "attendees": ("archived_at:*", "deleted_at:*", "cancelled_at:*"),
    "group_appointments": ("archived_at:*", "deleted_at:*"),
    "patients": ("archived_at:*",),
    "appointment_types": ("archived_at:*",),
}


def lifted(api: Api, path: str) -> Record:
    answer = api.get(path, *LIFTS[path.partition("/")[0]])
    assert answer.status_code == 200, answer.text
    found: Record = answer.json()
    return found


@pytest.mark.parametrize("path", ["individual_appointments/11", "attendees/21"])
def test_cancel_answers_204_and_hides(api: Api, path: str) -> None:
    body = {"cancellation_reason": 30, "cancellation_note": "flu"}
    answer = api.client.patch(f"{path}/cancel", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(path).status_code == 404
    cancelled = lifted(api, path)
    assert cancelled["cancelled_at"] == cancelled["updated_at"] > CREATED
    assert (cancelled["cancellation_reason_description"], cancelled["cancellation_note"]) == ("Sick", "flu")
    assert api.client.patch(f"{path}/cancel", json=body).status_code == 422


@pytest.mark.parametrize("body", [{}, {"cancellation_reason": 33}, {"cancellation_reason": "30"}])
def test_an_invalid_cancellation_is_422(api: Api, body: Record) -> None:
    answer = api.client.patch("individual_appointments/12/cancel", json=body)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation Failed"
    assert set(answer.json()["errors"]) == {"cancellation_reason"}
    assert lifted(api, "individual_appointments/12")["cancelled_at"] is None


def test_the_attendee_of_an_individual_appointment_is_not_cancelled(api: Api) -> None:
    assert api.client.patch("attendees/22/cancel", json={"cancellation_reason": 30}).status_code == 422


def test_archiving_a_patient_does_not_move_updated_at_and_is_undone(api: Api) -> None:
    answer = api.client.post("patients/1/archive")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "1" not in api.ids("patients")
    archived = lifted(api, "patients/1")
    assert archived["archived_at"] == archived["deleted_at"] > CREATED
    assert archived["updated_at"] == CREATED
    assert api.client.post("patients/1/unarchive").status_code == 204
    again = api.get("patients/1").json()
    assert (again["archived_at"], again["deleted_at"], again["updated_at"]) == (None, None, CREATED)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "group_appointments/20/archive"), ("DELETE", "individual_appointments/13")]
)
def test_archiving_an_appointment_moves_updated_at(api: Api, method: str, path: str) -> None:
    record_path = path.removesuffix("/archive")
    assert api.client.request(method, path).status_code == 204
    assert api.get(record_path, "archived_at:*").status_code == 404
    archived = lifted(api, record_path)
    assert archived["archived_at"] == archived["deleted_at"] == archived["updated_at"]


def test_a_resource_without_deleted_at_gets_none(api: Api) -> None:
    assert api.client.delete("appointment_types/41").status_code == 204
    assert "deleted_at" not in lifted(api, "appointment_types/41")


def test_archiving_the_other_way_is_a_choice(address: str) -> None:
    flipped = Api(address, "flipped")
    assert flipped.client.post("treatment_notes/31/archive").status_code == 204
    archived = flipped.get("treatment_notes/31", "archived_at:*").json()
    assert archived["deleted_at"] is None
    assert archived["updated_at"] == archived["archived_at"]


def test_an_edit_moves_updated_at_and_is_found_by_it(api: Api) -> None:
    answer = api.client.patch("patients/2", json={"email": "ann@example.com", "id": "5", "medicare": "x"})
    assert answer.status_code == 200
    assert answer.json()["links"]["self"] == f"{api.address}/v1/patients/2"
    edited = api.page("patients", f"updated_at:>{CREATED}")["patients"]
    assert [(row["id"], row["email"], "medicare" in row) for row in edited] == [
        ("2", "ann@example.com", False)
    ]


def test_an_invalid_edit_is_422_and_changes_nothing(api: Api) -> None:
    answer = api.client.patch("patients/3", json={"first_name": "", "email": "ann@example.com"})
    assert (answer.status_code, answer.json()["errors"]) == (422, {"first_name": "can't be blank"})
    assert "email" not in api.get("patients/3").json()
    backwards = {"ends_at": "2026-02-01T00:00:00Z"}
    assert api.client.patch("individual_appointments/12", json=backwards).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "patients/99/archive", 404),
        ("PATCH", "patients/99", 404),
        ("PATCH", "group_appointments/20/cancel", 404),
        ("POST", "appointment_types/41/unarchive", 404),
        ("DELETE", "patient_cases/1", 404),
    ],
)
def test_what_is_not_there_is_404(api: Api, method: str, path: str, status: int) -> None:
    assert api.client.request(method, path, json={}).status_code == status


def test_what_is_not_permitted_is_not_written(address: str) -> None:
    assert Api(address, "shut").client.post("patients/1/archive").status_code == 403


@pytest.mark.parametrize("body", ["{", "[]", '"x"'])
def test_a_body_that_is_no_object_is_400(api: Api, body: str) -> None:
    assert api.client.patch("patients/3", content=body).status_code == 400
