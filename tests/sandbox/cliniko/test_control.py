"""The control plane: records put and removed, with what hangs on them, while others read."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.cliniko.clinic_files import CREATED, Api, Record, link, record, served, write_clinic


def family(patient: int) -> dict[str, list[Record]]:
    """A patient with one of everything; ids are made of the patient's."""
    own = {"patient": link("patients", patient)}
    return {
        "patients": [record("patients", patient, last_name="A")],
        "individual_appointments": [record("individual_appointments", patient + 1, **own)],
        "attendees": [
            record("attendees", patient + 2, booking=link("bookings", patient + 1), **own),
            record("attendees", patient + 3, booking=link("bookings", 5), **own),
        ],
        "treatment_notes": [record("treatment_notes", patient + 4, **own)],
        "invoices": [record("invoices", patient + 5, **own)],
        "invoice_items": [record("invoice_items", patient + 6, invoice=link("invoices", patient + 5))],
        "communications": [record("communications", patient + 7, **own)],
        "patient_cases": [record("patient_cases", patient + 8, **own)],
        "medical_alerts": [record("medical_alerts", patient + 9, **own)],
    }


RESOURCES = list(family(0))


@pytest.fixture(scope="module")
def unused(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Api]]:
    """Clinics that no test has touched, all in one server: to start one takes longer than any test here."""
    root = tmp_path_factory.mktemp("clinics")
    first, second = family(100), family(200)
    records = {name: first[name] + second[name] for name in RESOURCES}
    records["group_appointments"] = [record("group_appointments", 5, patient_ids=["100", "200"])]
    names = [f"c{number}" for number in range(11)]
    with served(server, *[write_clinic(root / name, records) for name in names]) as address:
        yield (Api(address, name) for name in names)


@pytest.fixture(scope="module")
def untouched(unused: Iterator[Api]) -> Api:
    """For tests that change nothing, or only a record of their own."""
    return next(unused)


@pytest.fixture
def api(unused: Iterator[Api]) -> Iterator[Api]:
    found = next(unused)
    yield found
    found.close()


def test_a_removed_patient_takes_everything_along(api: Api) -> None:
    assert api.control.delete("/records/patients/100").status_code == 204
    everything = [row for name in RESOURCES for row in api.ids(name)]
    assert sorted(everything) == sorted(row["id"] for rows in family(200).values() for row in rows)
    assert api.get("patients/100", "archived_at:*").status_code == 404
    [group] = api.page("group_appointments")["group_appointments"]
    assert (group["patient_ids"], group["updated_at"]) == (["200"], CREATED)
    assert api.ids("group_appointments", "patient_ids:~100") == []
    assert api.control.delete("/records/patients/100").status_code == 404


def test_another_removed_record_goes_alone(api: Api) -> None:
    assert api.control.delete("/records/individual_appointments/101").status_code == 204
    assert api.ids("individual_appointments") == ["201"]
    assert api.ids("patients") == ["100", "200"]


def test_records_are_put_as_they_are_given(api: Api) -> None:
    """An edit that does not move updated_at, two in one second, and a new one."""
    for name in ("B", "C"):
        api.put(patients=[record("patients", 100, last_name=name)])
        found = api.get("patients/100").json()
        assert (found["last_name"], found["updated_at"]) == (name, CREATED)
    assert api.ids("patients", "last_name:=A") == ["200"]
    api.put(patients=[record("patients", 300), record("patients", 200, last_name="D")], communications=[])
    assert api.ids("patients") == ["100", "200", "300"]
    assert api.ids("patients", "last_name:=D") == ["200"]


def test_of_two_versions_in_one_batch_the_last_counts(api: Api) -> None:
    api.put(patients=[record("patients", 100, last_name=name) for name in ("X", "Y")])
    assert api.page("patients", "id:=100")["patients"][0]["last_name"] == "Y"
    assert api.ids("patients") == ["100", "200"]


@pytest.mark.parametrize(
    "values",
    [
        {"last_name": 7, "created_at": "2999-12-31T23:59:59Z"},
        {"last_name": "\ud800 alone", "email": "\u0000"},
        {"last_name": None, "updated_at": "not a time", "date_of_birth": 5},
        {"archived_at": None, "accepted_privacy_policy": "maybe", "links": None},
    ],
)
def test_what_is_wrong_in_a_record_is_served_all_the_same(untouched: Api, values: Record) -> None:
    wrong = record("patients", 2**62) | values
    # As ASCII, for httpx would not send a lone surrogate.
    untouched.control.post("/records", content=json.dumps({"patients": [wrong]})).raise_for_status()
    served = untouched.get(f"patients/{2**62}").json()
    assert {name: served[name] for name in values} == values
    assert str(2**62) in untouched.ids("patients")


@pytest.mark.parametrize(
    "batch",
    [
        [],
        {"nothing": []},
        {"bookings": []},
        {"patients": {}},
        {"patients": [{"last_name": "no id"}]},
        {"patients": [record("patients", 300), {"id": str(2**63)}]},
        {"patients": [{"id": True}]},
    ],
)
def test_a_batch_that_does_not_fit_changes_nothing(untouched: Api, batch: object) -> None:
    assert untouched.control.post("/records", json=batch).status_code == 400
    assert untouched.ids("patients", "id:<1000") == ["100", "200"]


def test_a_page_is_never_read_in_the_middle_of_a_change(api: Api) -> None:
    """Each batch gives all 100 patients one name: a page with two names would be half a change."""
    numbers = range(1000, 1100)
    stop = threading.Event()

    def change() -> None:
        writer = Api(api.address, api.clinic)
        for turn in range(10_000):
            writer.put(patients=[record("patients", number, last_name=f"N{turn % 7}") for number in numbers])
            if stop.is_set():
                return

    api.put(patients=[record("patients", number, last_name="N0") for number in numbers])
    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(30):
            page = api.page("patients", "id:>=1000", per_page=100, sort="last_name,id")
            names = {row["last_name"] for row in page["patients"]}
            assert (page["total_entries"], len(page["patients"]), len(names)) == (100, 100, 1)
    finally:
        stop.set()
        thread.join()


def test_requests_are_counted_by_path_until_reset(api: Api) -> None:
    api.control.delete("/requests")
    api.get("patients", page=1)
    api.get("patients", page=2)
    api.get("patients/100")
    api.get("nothing")
    report = api.control.get("/requests").json()
    assert report["by_path"] == {"/v1/patients": 2, "/v1/patients/{id}": 1, "/v1/nothing": 1}
    assert (report["requests"], report["status_429"], report["by_status"]) == (4, 0, {"200": 3, "404": 1})
    api.control.delete("/requests")
    assert api.control.get("/requests").json()["requests"] == 0


def test_an_unknown_clinic_is_404(api: Api) -> None:
    assert api.control.get(f"{api.address}/_sandbox/clinics/other/requests").status_code == 404


def test_a_clinic_comes_and_goes_while_the_server_runs(server: str, tmp_path: Path) -> None:
    folder = write_clinic(tmp_path / "guest", {"patients": [record("patients", 1)]})
    with served(server, folder):
        guest = Api(server, "guest")
        assert guest.ids("patients") == ["1"]
        again = guest.control.post(f"{server}/_sandbox/clinics", json={"path": str(folder)})
        assert (again.status_code, "same name" in again.text) == (400, True)
    assert guest.get("patients").status_code == 401


def test_an_account_is_renamed_and_its_other_members_stay(unused: Iterator[Api]) -> None:
    clinic = next(unused)
    before = clinic.page("/settings/public")["account"]
    assert clinic.control.post("/account", json={"name": "Renamed", "id": None}).status_code == 204
    assert clinic.page("/settings/public")["account"] == {**before, "name": "Renamed", "id": None}
    assert clinic.control.post("/account", json=["id"]).status_code == 400
