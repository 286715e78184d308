"""The whole way: a clinic over HTTP into the raw log of a real database."""

from tests.ingestion.clinics import FIRST_REQUESTS, QUIET_REQUESTS, appointment, patient
from tests.ingestion.conftest import AccountMaker


def test_a_first_sync_takes_everything_and_a_quiet_one_nothing(open_account: AccountMaker) -> None:
    account = open_account(
        patients=[patient(number) for number in range(1, 251)],
        individual_appointments=[appointment(900, 1)],
    )
    result = account.sync()
    assert account.control.requests()["requests"] == result.requests == FIRST_REQUESTS + 2
    assert len(account.current("patients")) == 250
    assert account.current("individual_appointments")["900"]["patient_id"] == "1"
    assert result.feeds["patients"]["rows_new"] == 250

    quiet = account.sync()
    assert account.control.requests()["requests"] == quiet.requests == QUIET_REQUESTS
    assert quiet.rows_written == 0
    loads = account.query("select load_id from app.loads where organization_id = %(organization)s")
    assert len(loads) == 2


def test_only_kept_columns_land_and_phones_get_e164(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1, first_name="", email=None)])
    account.sync()
    [row] = account.current("patients").values()
    assert row["first_name"] is None
    assert row["email"] is None
    assert row["patient_phone_numbers"] == [
        {
            "number": "0491 570 006",
            "normalized_number": None,
            "phone_type": "Mobile",
            "phone_e164": "+61491570006",
            "phone_note": None,
            "is_forbidden": False,
        }
    ]
    assert "never to be kept" not in str(row)
