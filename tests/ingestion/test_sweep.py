"""What is gone from Cliniko gets a tombstone; a list that is merely broken does not."""

import pytest

from ingestion.errors import SyncError
from tests.ingestion.clinics import appointment, patient
from tests.ingestion.conftest import AccountMaker


def test_a_purged_patient_and_what_went_with_it(open_account: AccountMaker) -> None:
    account = open_account(
        patients=[patient(number) for number in range(1, 121)],
        individual_appointments=[appointment(number, number % 120 + 1) for number in range(1, 241)],
    )
    account.sync()
    account.control.remove("patients", 7)
    result = account.sync(kind="sweep")
    assert result.feeds["patients"]["rows_removed"] == 1
    assert result.feeds["individual_appointments"]["rows_removed"] == 2
    grave = account.current("patients")["7"]
    assert grave["purged_at"] == grave["seen_at"]
    assert grave["updated_at"].isoformat() == "2026-02-03T01:12:44+00:00"
    assert (grave["first_name"], grave["patient_phone_numbers"]) == (None, None)
    [cursor] = account.query("select swept_at from app.sync_cursors where feed = 'patients'")
    assert cursor["swept_at"] is not None


def test_a_second_sweep_finds_nothing_new(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 121)])
    account.sync()
    account.control.remove("patients", 7)
    account.sync(kind="sweep")
    assert account.sync(kind="sweep").rows_written == 0


def test_what_comes_back_after_a_tombstone_is_alive(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1), patient(2)])
    account.sync()
    account.control.remove("patients", 2)
    account.sync(kind="sweep")
    account.control.put(patients=[patient(2)])
    account.sync(kind="sweep")
    assert account.current("patients")["2"]["purged_at"] is None


def test_a_sweep_brings_what_changed_without_a_stamp(open_account: AccountMaker) -> None:
    account = open_account(individual_appointments=[appointment(1, 1)])
    account.sync()
    account.control.put(individual_appointments=[appointment(1, 2)])  # moved by a merge
    assert account.sync().rows_written == 0
    account.sync(kind="sweep")
    assert account.current("individual_appointments")["1"]["patient_id"] == "2"


@pytest.mark.parametrize(("fault", "code"), [("empty", "empty_list"), (None, "shrunk_list")])
def test_a_list_that_lost_too_much_is_not_believed(
    open_account: AccountMaker, fault: str | None, code: str
) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 31)])
    account.sync()
    if fault:
        account.control.fault(fault, path="patients")
    else:
        for number in range(1, 8):
            account.control.remove("patients", number)
    with pytest.raises(SyncError) as failure:
        account.sync(kind="sweep")
    assert failure.value.code == code
    assert all(row["purged_at"] is None for row in account.current("patients").values())


def test_a_real_loss_can_be_confirmed(open_account: AccountMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 31)])
    account.sync()
    for number in range(1, 31):
        account.control.remove("patients", number)
    monkeypatch.setenv("ROUTIQ_CLINIKO_LOSS_LIMIT", "1")
    assert account.sync(kind="sweep").feeds["patients"]["rows_removed"] == 30


def test_another_country_reads_every_phone_again(open_account: AccountMaker) -> None:
    numbers = [{"number": "020 7946 0123", "phone_type": "Home"}]
    account = open_account(patients=[patient(1, patient_phone_numbers=numbers)])
    account.sync()
    assert account.current("patients")["1"]["patient_phone_numbers"][0]["phone_e164"] is None
    account.add(country="GB")
    account.sync()
    assert account.current("patients")["1"]["patient_phone_numbers"][0]["phone_e164"] == "+442079460123"
