"""The grammar of q[]: each type with each of its operators, and what is refused."""

from collections.abc import Iterator

import pytest

from tests.sandbox.cliniko.clinic_files import Api, link, record, served, write_clinic


def at(second: int) -> str:
    return f"2026-02-03T00:00:{second:02}Z"


PATIENTS = [
    record(
        "patients",
        1,
        first_name="Ann",
        date_of_birth="1988-05-19",
        accepted_privacy_policy=True,
        updated_at=at(1),
    ),
    record(
        "patients",
        2,
        first_name="ann",
        date_of_birth="1990-05-01",
        accepted_privacy_policy=False,
        updated_at=at(2),
    ),
    record(
        "patients", 3, first_name="Joanne", date_of_birth="1990-12-31", updated_at=at(3), archived_at=at(9)
    ),
    record(
        "patients", 2**62, first_name=None, date_of_birth=None, accepted_privacy_policy=None, updated_at=at(4)
    ),
]
INVOICES = [
    record("invoices", 11, status=10, closed_at=None, patient=link("patients", 1), number=318),
    record("invoices", 12, status=20, closed_at=at(5), patient=link("patients", 2**62), number=319),
    record("invoices", 13, status=None, closed_at=at(6), number=-1),
]
GROUPS = [
    record("group_appointments", 21, patient_ids=["1", "2"], starts_at=at(1)),
    record("group_appointments", 22, patient_ids=[], starts_at=at(2)),
    record("group_appointments", 23, patient_ids=None, starts_at=at(2)),
]
BIG = str(2**62)


@pytest.fixture(scope="module")
def api(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    root = tmp_path_factory.mktemp("clinics")
    records = {"patients": PATIENTS, "invoices": INVOICES, "group_appointments": GROUPS}
    flipped = '[choices]\nunfilterable_message = "This column is not searchable."\n'
    folders = [write_clinic(root / "asked", records), write_clinic(root / "flipped", {}, toml=flipped)]
    with served(server, *folders) as address:
        yield Api(address, "asked")


@pytest.mark.parametrize(
    ("path", "text", "ids"),
    [
        # date-time
        ("patients", "updated_at:>=2026-02-03T00:00:02Z", ["2", BIG]),
        ("patients", "updated_at:>2026-02-03T00:00:02Z", [BIG]),
        ("patients", "updated_at:<=2026-02-03T00:00:02Z", ["1", "2"]),
        ("patients", "updated_at:<2026-02-03T00:00:02Z", ["1"]),
        ("patients", "updated_at:<2026-02-03T10:00:02+10:00", ["1"]),
        ("patients", "updated_at:*", ["1", "2", BIG]),
        ("invoices", "closed_at:?", ["12", "13"]),
        ("invoices", "closed_at:!?", ["11"]),
        # date
        ("patients", "date_of_birth:=1990-05-01", ["2"]),
        ("patients", "date_of_birth:>=1988-05-19", ["1", "2"]),
        ("patients", "date_of_birth:>1988-05-19", ["2"]),
        ("patients", "date_of_birth:<=1990-05-01", ["1", "2"]),
        ("patients", "date_of_birth:<1990-05-01", ["1"]),
        ("patients", "date_of_birth:?", ["1", "2"]),
        ("patients", "date_of_birth:!?", [BIG]),
        ("patients", "date_of_birth:=****-05-**", ["1", "2"]),
        ("patients", "date_of_birth:=199*-05-**", ["2"]),
        # ids and integers
        ("patients", f"id:={BIG}", [BIG]),
        ("patients", f"id:=1,{BIG},99", ["1", BIG]),
        ("patients", "id:!=1", ["2", BIG]),
        ("patients", "id:>2", [BIG]),
        ("patients", "id:<=2", ["1", "2"]),
        ("patients", "id:<9999999999999999999", ["1", "2", BIG]),
        ("invoices", f"patient_id:={BIG}", ["12"]),
        ("invoices", "patient_id:!?", ["13"]),
        ("invoices", "status:=10,20", ["11", "12"]),
        ("invoices", "status:>=20", ["12"]),
        ("invoices", "status:!=10", ["12"]),
        ("invoices", "status:?", ["11", "12"]),
        ("invoices", "number:<0", ["13"]),
        # strings
        ("patients", "first_name:=Ann", ["1"]),
        ("patients", "first_name:!=Ann", ["2"]),
        ("patients", "first_name:~nn", ["1", "2"]),
        ("patients", "first_name:~~%n", ["1", "2"]),
        ("patients", "first_name:~~A%", ["1"]),
        ("patients", "first_name:?", ["1", "2"]),
        ("patients", "first_name:!?", [BIG]),
        # booleans
        ("patients", "accepted_privacy_policy:=true", ["1"]),
        ("patients", "accepted_privacy_policy:=false", ["2"]),
        ("patients", "accepted_privacy_policy:!=true", ["2"]),
        # arrays
        ("group_appointments", "patient_ids:~2", ["21"]),
        ("group_appointments", "patient_ids:~3", []),
    ],
)
def test_each_operator(api: Api, path: str, text: str, ids: list[str]) -> None:
    assert api.ids(path, text) == ids


def test_filters_are_joined_by_and(api: Api) -> None:
    assert api.ids("patients", "first_name:~nn", "updated_at:>=2026-02-03T00:00:02Z") == ["2"]
    assert api.ids("patients", "first_name:~nn", "archived_at:*", "id:>1") == ["2", "3"]


def test_a_lone_q_and_encoded_or_plain_brackets_are_one(api: Api) -> None:
    plain = api.client.get("patients?q[]=id:>1&sort=id").json()["total_entries"]
    encoded = api.client.get("patients?q%5B%5D=id%3A%3E1&sort=id").json()["total_entries"]
    alone = api.client.get("patients?q=id:>1").json()["total_entries"]
    assert plain == encoded == alone == 2


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("patients", "deleted_at"),
        ("patients", "merged_at"),
        ("patients", "patient_phone_numbers"),
        ("communications", "direction_code"),
        ("individual_appointments", "invoice_status"),
        ("practitioners", "archived_at"),
        ("services", "id"),
        ("patients", "row"),
        ("patients", ""),
    ],
)
def test_other_fields_are_400(api: Api, path: str, name: str) -> None:
    answer = api.get(path, f"{name}:?")
    assert answer.status_code == 400
    assert answer.json() == {"message": f"{name} is not filterable"}


def test_the_other_wording_is_a_choice(api: Api) -> None:
    answer = Api(api.address, "flipped").get("patients", "merged_at:?")
    assert answer.json() == {"message": "This column is not searchable."}


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("invoices", "status:=open", "Filter value for status must be a number"),
        ("invoices", "status:>10,20", "Filter value for status must be a number"),
        ("invoices", "status:=", "Filter value for status must be a number"),
        ("patients", "updated_at:=2026-02-03T00:00:02Z", "Filter operator for updated_at is not supported"),
        ("patients", "updated_at:>=yesterday", "Filter value for updated_at must be a date-time"),
        ("patients", "updated_at:>=2026-02-03", "Filter value for updated_at must be a date-time"),
        ("patients", "updated_at:>=2026-02-31T00:00:00Z", "Filter value for updated_at must be a date-time"),
        ("patients", "date_of_birth:=1990", "Filter value for date_of_birth must be a date"),
        ("patients", "date_of_birth:!=1990-05-01", "Filter operator for date_of_birth is not supported"),
        ("patients", "date_of_birth:>****-05-**", "Filter value for date_of_birth must be a date"),
        (
            "patients",
            "accepted_privacy_policy:=yes",
            "Filter value for accepted_privacy_policy must be a boolean",
        ),
        ("patients", "first_name:>A", "Filter operator for first_name is not supported"),
        ("patients", "first_name", "Filter operator for first_name is not supported"),
        ("group_appointments", "patient_ids:=1", "Filter operator for patient_ids is not supported"),
        ("patients", "id:?1", "Filter for id takes no value after ?"),
    ],
)
def test_what_does_not_fit_the_type_is_400(api: Api, path: str, text: str, message: str) -> None:
    answer = api.get(path, text)
    assert (answer.status_code, answer.json()) == (400, {"message": message})
