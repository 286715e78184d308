"""What a plain list leaves out, and that each lift brings back its own rows: section 4.4 of the reference."""

from collections.abc import Iterator

import pytest

from tests.sandbox.cliniko.clinic_files import CREATED, Api, Record, record, served, write_clinic

# Written out here, not taken from the sandbox's own table: that is what is tested.
HIDING = {
    "patients": ["archived_at"],
    "individual_appointments": ["archived_at", "deleted_at", "cancelled_at"],
    "group_appointments": ["archived_at", "deleted_at"],
    "attendees": ["archived_at", "deleted_at", "cancelled_at"],
    "unavailable_blocks": ["archived_at", "deleted_at"],
    "appointment_types": ["archived_at"],
    "practitioners": [],
    "businesses": ["archived_at", "deleted_at"],
    "invoices": ["archived_at", "deleted_at"],
    "invoice_items": ["archived_at", "deleted_at"],
    "treatment_notes": ["archived_at", "deleted_at"],
    "communications": ["archived_at"],
    "patient_cases": ["archived_at"],
    "medical_alerts": ["archived_at", "deleted_at"],
    "referral_sources": ["archived_at"],
    "referral_source_types": ["archived_at"],
    "contacts": ["archived_at", "deleted_at"],
    "users": [],
    "billable_items": ["archived_at"],
    "products": ["archived_at"],
}
FIELDS = ("archived_at", "deleted_at", "cancelled_at")
PLAIN = "1"
ALL = "90"
CASES = [(resource, name) for resource, names in HIDING.items() for name in names]
SINGLES = [case for case in CASES if case[0] != "referral_sources"]


def own_id(resource: str, name: str) -> str:
    """The id of the record that only `name` hides."""
    return str(2 + HIDING[resource].index(name))


def rows(resource: str) -> list[Record]:
    """A plain row, one for each field that hides, and one with all of them; every hiding field is present."""
    hiding = HIDING[resource]
    clear = dict.fromkeys(hiding)
    hidden = [record(resource, own_id(resource, name), **clear | {name: CREATED}) for name in hiding]
    every = [record(resource, ALL, **dict.fromkeys(hiding, CREATED))] if len(hiding) > 1 else []
    return [record(resource, PLAIN, **clear), *hidden, *every]


@pytest.fixture(scope="module")
def address(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("clinics")
    records = {resource: rows(resource) for resource in HIDING}
    flipped = "[choices]\nlifts_are_separate = false\n"
    with served(
        server,
        *[write_clinic(root / "hidden", records), write_clinic(root / "together", records, toml=flipped)],
    ) as address:
        yield address


@pytest.fixture(scope="module")
def api(address: str) -> Api:
    return Api(address, "hidden")


@pytest.mark.parametrize("resource", HIDING)
def test_a_plain_list_has_plain_rows_only(api: Api, resource: str) -> None:
    assert api.ids(resource) == [PLAIN]


@pytest.mark.parametrize(("resource", "name"), CASES)
def test_each_lift_brings_back_its_own(api: Api, resource: str, name: str) -> None:
    own = own_id(resource, name)
    assert api.ids(resource, f"{name}:*") == [PLAIN, own]
    assert api.ids(resource, f"{name}:?") == [own]
    assert api.ids(resource, f"{name}:>={CREATED}") == [own]
    assert api.ids(resource, f"{name}:>{CREATED}") == []
    assert api.ids(resource, f"{name}:!?") == [PLAIN]


@pytest.mark.parametrize("resource", HIDING)
def test_all_lifts_together_show_everything(api: Api, resource: str) -> None:
    lifts = [f"{name}:*" for name in HIDING[resource]]
    assert api.ids(resource, *lifts) == [row["id"] for row in rows(resource)]


@pytest.mark.parametrize(
    ("resource", "name"),
    [(resource, name) for resource in HIDING for name in FIELDS if name not in HIDING[resource]],
)
def test_a_field_that_is_no_filter_is_refused(api: Api, resource: str, name: str) -> None:
    assert api.get(resource, f"{name}:*").status_code == 400


@pytest.mark.parametrize(("resource", "name"), SINGLES)
def test_a_hidden_record_is_404_until_it_is_lifted(api: Api, resource: str, name: str) -> None:
    path = f"{resource}/{own_id(resource, name)}"
    assert api.get(path).status_code == 404
    assert api.get(path, f"{name}:*").json()["id"] == own_id(resource, name)
    assert api.get(path, f"{name}:!?").status_code == 404
    assert api.get(path, "id:>0").status_code == 400
    assert api.get(f"{resource}/{PLAIN}").json()["id"] == PLAIN


def test_one_lift_may_be_chosen_to_lift_all(address: str) -> None:
    together = Api(address, "together")
    assert together.ids("attendees", "cancelled_at:*") == ["1", "2", "3", "4", "90"]
    assert together.ids("attendees", "updated_at:?") == ["1"]


def test_patients_are_not_hidden_by_a_field_that_nobody_can_lift(address: str) -> None:
    together = Api(address, "together")
    together.put(patients=[record("patients", 55, archived_at=None, deleted_at=CREATED)])
    assert together.get("patients/55").status_code == 200
