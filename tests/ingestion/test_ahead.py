"""Records stamped later than Cliniko's own clock: read once, and no sync waits for them to be past."""

import pytest

from tests.ingestion.clinics import Record, patient
from tests.ingestion.conftest import Account, AccountMaker, everyone, fails, meanwhile

SAME = "2199-01-01T00:00:00Z"


def ahead(first: int, count: int, *, same: bool) -> list[Record]:
    return [
        patient(
            number, updated_at=SAME if same else f"2199-01-01T{number // 60 % 24:02}:{number % 60:02}:00Z"
        )
        for number in range(first, first + count)
    ]


def asked_for_patients(account: Account) -> int:
    total: int = account.control.requests()["by_path"]["/v1/patients"]
    return total


@pytest.mark.parametrize("same", [True, False], ids=["one stamp", "many stamps"])
@pytest.mark.parametrize("past", [0, 250])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_stamps_ahead_are_read_once(open_account: AccountMaker, count: int, past: int, same: bool) -> None:
    records = [*(patient(number) for number in range(1, past + 1)), *ahead(5001, count, same=same)]
    account = open_account(patients=records)
    account.sync()
    wanted = {int(record["id"]) for record in records}
    assert everyone(account) == wanted
    assert asked_for_patients(account) <= 3 + 2 * len(records) // 100 + 3
    assert account.sync().rows_written == 0
    assert everyone(account) == wanted


@pytest.mark.parametrize("page", [1, 2, 3, 4])
@pytest.mark.parametrize("same", [True, False], ids=["one stamp", "many stamps"])
def test_people_who_edit_while_stamps_ahead_are_read(
    open_account: AccountMaker, page: int, same: bool
) -> None:
    """Who is edited then gets a stamp of now, behind what is being read."""
    account = open_account(
        patients=[*(patient(number) for number in range(1, 31)), *ahead(5001, 250, same=same)]
    )

    def act() -> None:
        now = account.control.now()
        account.control.put(
            patients=[
                patient(number, first_name="Edited", updated_at=now) for number in (7, 5002, 5249, 5250)
            ]
        )

    account.sync(progress=meanwhile(page, act))
    assert everyone(account) == {*range(1, 31), *range(5001, 5251)}
    account.sync()
    known = account.current("patients")
    assert {known[str(number)]["first_name"] for number in (7, 5002, 5249, 5250)} <= {"Edited", "Tess"}
    assert known["7"]["first_name"] == "Edited"


def test_a_sweep_buries_nobody_for_a_stamp_ahead(open_account: AccountMaker) -> None:
    account = open_account(
        patients=[*(patient(number) for number in range(1, 31)), *ahead(5001, 250, same=True)]
    )
    account.sync()
    assert account.sync(kind="sweep").rows_written == 0


def test_a_clock_that_is_behind_by_minutes(open_account: AccountMaker) -> None:
    """Cliniko's `Date` lags what stamps its rows: all that was edited lately seems to be ahead."""
    account = open_account(patients=[patient(number) for number in range(1, 251)])
    account.control.fault("clock", seconds=-300)
    now = account.control.now()
    account.control.put(
        patients=[patient(number, first_name="Edited", updated_at=now) for number in range(1, 151)]
    )
    account.sync()
    late = account.control.now()
    account.control.put(
        patients=[patient(number, first_name="Again", updated_at=late) for number in (1, 300)]
    )
    account.sync()
    known = account.current("patients")
    assert len(known) == 251
    assert [known[str(number)]["first_name"] for number in (1, 2, 150, 151, 300)] == [
        "Again",
        "Edited",
        "Edited",
        "Tess",
        "Again",
    ]


def test_a_list_without_an_end_is_given_up(open_account: AccountMaker) -> None:
    """Filters that are not heard: what lies further on never becomes less."""
    account = open_account(patients=ahead(1, 250, same=True))
    account.control.fault("ignore_filters", path="patients")
    message = fails(account, "too_many_requests_needed").message
    assert "/patients" in message
    assert "250 entries" in message


def test_a_run_has_a_bound_in_time(open_account: AccountMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    account = open_account(patients=[patient(1)])
    monkeypatch.setenv("ROUTIQ_CLINIKO_RUN_HOURS", "0.0000001")
    assert "ROUTIQ_CLINIKO_RUN_HOURS" in fails(account, "took_too_long").message
    monkeypatch.delenv("ROUTIQ_CLINIKO_RUN_HOURS")
    assert account.sync().status == "succeeded"
