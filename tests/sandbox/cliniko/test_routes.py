"""Routes that are more than a plain list, and records as they are served."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.cliniko.clinic_files import CREATED, HOST, Api, link, record, served, write_clinic

ANN, BEN = 1204417733920551001, 1204417733920551002
VISIT, CLASS, LUNCH = 101, 102, 103
RECORDS = {
    "patients": [
        record(
            "patients", ANN, first_name="Ann", last_name='Ödön \u2028 "q"', merged_at=None, archived_at=None
        ),
        record(
            "patients",
            BEN,
            merged_at=CREATED,
            archived_at=CREATED,
            merged_with_patient=link("patients", ANN),
        ),
    ],
    "individual_appointments": [
        record(
            "individual_appointments",
            VISIT,
            patient=link("patients", ANN),
            patient_name="Ann",
            starts_at="2026-03-01T00:00:00Z",
            did_not_arrive=True,
            sms_reminder_sent=True,
            cancelled_at=None,
        ),
        record("individual_appointments", 104, patient=link("patients", BEN), cancelled_at=CREATED),
    ],
    "group_appointments": [
        record("group_appointments", CLASS, patient_ids=[str(ANN), str(BEN)], max_attendees=4)
    ],
    "unavailable_blocks": [record("unavailable_blocks", LUNCH, notes="Lunch")],
    "attendees": [
        record("attendees", 201, booking=link("bookings", CLASS), patient=link("patients", ANN)),
        record("attendees", 202, booking=link("bookings", CLASS), patient=link("patients", BEN)),
        record("attendees", 203, booking=link("bookings", VISIT), patient=link("patients", ANN)),
    ],
    "practitioners": [record("practitioners", 31, active=True), record("practitioners", 32, active=False)],
    "patient_cases": [
        record("patient_cases", 41, closed_at=None),
        record("patient_cases", 42, closed_at=CREATED),
    ],
    "invoices": [
        record("invoices", 51, patient=link("patients", ANN), appointment=link("appointments", VISIT)),
        record("invoices", 52, patient=link("patients", BEN), attendee=link("attendees", 202)),
    ],
    "invoice_items": [
        record("invoice_items", 61, invoice=link("invoices", 51), product=link("products", 7)),
        record("invoice_items", 62, invoice=link("invoices", 52), billable_item=link("billable_items", 8)),
    ],
}


@pytest.fixture(scope="module")
def address(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("clinics")
    bare = write_clinic(root / "bare", {})
    settled = write_clinic(root / "settled", {"users": [record("users", 71, role="practitioner")]})
    (settled / "settings.json").write_text('{"account": {"name": "S"}, "email_from": "x"}')
    flipped = write_clinic(root / "flipped", RECORDS, toml="[choices]\nactive_filter_lifts = true\n")
    with served(server, *[write_clinic(root / "whole", RECORDS), bare, settled, flipped]) as address:
        yield address


@pytest.fixture(scope="module")
def api(address: str) -> Api:
    return Api(address, "whole")


def test_a_record_is_served_as_it_was_given_with_links_to_this_server(api: Api) -> None:
    expected = RECORDS["patients"][0] | {"links": {"self": f"{api.address}/v1/patients/{ANN}"}}
    assert api.get(f"patients/{ANN}").json() == expected
    assert api.page("patients")["patients"] == [expected]
    assert isinstance(expected["id"], str)
    assert int(expected["id"]) > 2**53


def test_links_lead_to_the_name_by_which_the_client_came(api: Api) -> None:
    other = api.address.replace("127.0.0.1", "localhost")
    page = api.client.get(f"{other}/v1/attendees?per_page=1").json()
    assert page["links"]["next"].startswith(f"{other}/v1/attendees")
    assert page["attendees"][0]["booking"]["links"]["self"].startswith(f"{other}/v1/bookings/")
    assert HOST not in str(page)


def test_a_merged_patient_is_hidden_and_names_the_survivor(api: Api) -> None:
    assert api.ids("patients") == [str(ANN)]
    loser = api.page("patients", "archived_at:?")["patients"][0]
    assert loser["merged_with_patient"]["links"]["self"] == f"{api.address}/v1/patients/{ANN}"


def test_bookings_are_the_three_kinds_under_their_own_address(api: Api) -> None:
    rows = {row["id"]: row for row in api.page("bookings", sort="id")["bookings"]}
    assert list(rows) == ["101", "102", "103"]
    assert all(row["links"]["self"] == f"{api.address}/v1/bookings/{number}" for number, row in rows.items())
    assert rows["101"]["patient_name"] == "Ann"
    assert rows["102"]["max_attendees"] == 4
    assert api.get("bookings/103").json()["notes"] == "Lunch"
    assert api.get("bookings/104").status_code == 404


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"patient_ids:~{ANN}", ["101", "102"]),
        (f"patient_ids:~{BEN}", ["102"]),
        ("cancelled_at:?", ["104"]),
        ("cancelled_at:*", ["101", "102", "103", "104"]),
        ("did_not_arrive:=true", ["101"]),
        ("sms_reminder_sent:=true", ["101"]),
    ],
)
def test_bookings_are_filtered_as_one_list(api: Api, text: str, ids: list[str]) -> None:
    assert api.ids("bookings", text) == ids


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        (f"group_appointments/{CLASS}/attendees", ["201", "202"]),
        (f"individual_appointments/{VISIT}/attendees", ["203"]),
        (f"patients/{ANN}/invoices", ["51"]),
        (f"appointments/{VISIT}/invoices", ["51"]),
        ("attendees/202/invoices", ["52"]),
        ("invoices/51/invoice_items", ["61"]),
        (f"patients/{ANN}/treatment_notes", []),
        ("practitioners", ["31"]),
        ("practitioners/inactive", ["32"]),
        ("patient_cases", ["41", "42"]),
        ("patient_cases/active", ["41"]),
    ],
)
def test_lists_below_a_record_and_of_a_kind(api: Api, path: str, ids: list[str]) -> None:
    assert api.ids(path) == ids


def test_a_list_below_a_record_pages_at_its_own_address(api: Api) -> None:
    path = f"group_appointments/{CLASS}/attendees"
    following = api.page(path, sort="id", per_page=1)["links"]["next"]
    assert following.startswith(f"{api.address}/v1/{path}?")
    assert [row["id"] for row in api.client.get(following).json()["attendees"]] == ["202"]
    assert api.get("group_appointments/999/attendees").status_code == 404


@pytest.mark.parametrize(
    ("path", "text", "ids"),
    [
        ("attendees", f"booking_id:={CLASS}", ["201", "202"]),
        ("attendees", f"appointment_id:={VISIT}", ["203"]),
        ("invoice_items", "source_item_id:=7,8", ["61", "62"]),
        ("individual_appointments", f"patient_id:={ANN}", [str(VISIT)]),
    ],
)
def test_ids_are_read_from_relation_links(api: Api, path: str, text: str, ids: list[str]) -> None:
    assert api.ids(path, text) == ids


def test_the_plain_list_of_practitioners_has_active_ones_only(address: str, api: Api) -> None:
    assert api.ids("practitioners", "active:=false") == []
    assert Api(address, "flipped").ids("practitioners", "active:=false") == ["32"]
    assert api.get("practitioners/32").status_code == 200


@pytest.mark.parametrize("path", ["patients/999", f"patients/{ANN + 5}", "invoices/1", "users/9"])
def test_an_unknown_record_is_a_json_404(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Record not found."})


def test_an_empty_folder_is_an_account_with_one_business_and_one_user(address: str) -> None:
    bare = Api(address, "bare")
    [business] = bare.page("businesses")["businesses"]
    assert (business["time_zone"], business["time_zone_identifier"]) == ("Brisbane", "Australia/Brisbane")
    assert business["country_code"] == "AU"
    assert int(business["id"]) > 2**53
    assert bare.page("individual_appointments")["individual_appointments"] == []
    assert bare.ids("users") == [bare.get("user").json()["id"]]
    account = bare.get("settings/public").json()["account"]
    assert (account["name"], account["country_code"], account["currency_symbol"]) == ("bare", "AU", "$")


def test_settings_and_user_come_from_the_folder(address: str) -> None:
    settled = Api(address, "settled")
    assert settled.get("user").json()["id"] == "71"
    assert settled.get("settings").json() == {"account": {"name": "S"}, "email_from": "x"}
    assert settled.get("settings/public").json() == {"account": {"name": "S"}}
