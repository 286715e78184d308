"""What Cliniko erased without a stamp is noticed by the next sync, through the size of its list."""

import pytest

from ingestion.errors import SyncError
from ingestion.sync import SyncProgress
from tests.ingestion.clinics import QUIET_REQUESTS, STAMP, Record, appointment, link, patient
from tests.ingestion.conftest import Account, AccountMaker


def attendee(record_id: int, class_id: int, patient_id: int) -> Record:
    return {
        "id": str(record_id),
        "arrived": True,
        "booking": link("group_appointments", str(class_id)),
        "patient": link("patients", str(patient_id)),
        "created_at": STAMP,
        "updated_at": STAMP,
    }


def group(record_id: int) -> Record:
    return {
        "id": str(record_id),
        "starts_at": "2026-03-01T01:00:00Z",
        "ends_at": "2026-03-01T02:00:00Z",
        "patient_ids": [],
        "created_at": STAMP,
        "updated_at": STAMP,
    }


def busy(open_account: AccountMaker) -> Account:
    account = open_account(
        patients=[patient(number) for number in range(1, 121)],
        individual_appointments=[appointment(number, number % 120 + 1) for number in range(1, 241)],
        group_appointments=[group(number) for number in range(1001, 1021)],
        attendees=[attendee(number, number - 1000, number - 2000) for number in range(2001, 2021)],
    )
    account.sync()
    return account


def asked(account: Account) -> int:
    total: int = account.control.requests()["requests"]
    return total


def gone(account: Account, feed: str) -> set[str]:
    return {name for name, row in account.current(feed).items() if row["purged_at"] is not None}


def test_the_next_sync_finds_a_purged_patient_and_their_visits(open_account: AccountMaker) -> None:
    account = busy(open_account)
    account.control.remove("patients", 7)
    account.control.remove("group_appointments", 1003)
    result = account.sync()
    assert gone(account, "patients") == {"7"}
    assert gone(account, "individual_appointments") == {"6", "126"}
    assert gone(account, "group_appointments") == {"1003"}
    assert gone(account, "attendees") == {"2007"}
    assert [result.feeds[name]["rows_removed"] for name in ("patients", "attendees")] == [1, 1]
    assert account.sync().rows_written == 0


def test_where_nothing_is_missing_it_costs_one_request_a_list(open_account: AccountMaker) -> None:
    account = busy(open_account)
    hidden = {"archived_at": STAMP, "deleted_at": STAMP, "cancelled_at": STAMP}
    now = account.control.now()
    account.control.put(individual_appointments=[appointment(1, 2, updated_at=now, **hidden)])
    account.control.put(patients=[patient(500, created_at=now, updated_at=now)])
    asked(account)
    account.sync()
    quiet = asked(account)
    account.sync()
    assert asked(account) == quiet == QUIET_REQUESTS


def test_whom_cliniko_lists_and_we_never_saw_is_read(open_account: AccountMaker) -> None:
    account = busy(open_account)
    account.control.put(patients=[patient(900)])  # its stamp lies before the cursor
    assert account.sync().feeds["patients"]["rows_new"] == 1


def test_one_gone_and_one_unseen_are_told_apart_in_time(open_account: AccountMaker) -> None:
    account = busy(open_account)
    account.control.remove("patients", 7)
    now = account.control.now()
    account.control.put(patients=[patient(900, created_at=now, updated_at=now)])
    account.sync()
    assert gone(account, "patients") == {"7"}


def test_what_is_refused_is_no_difference(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1), patient(2, updated_at=None), patient(3)])
    account.sync()
    asked(account)
    account.sync()
    before = asked(account)
    account.sync()
    assert asked(account) == before
    assert gone(account, "patients") == set()


@pytest.mark.parametrize(("removed", "code"), [(30, "shrunk_list"), (120, "empty_list")])
def test_a_list_that_lost_too_much_is_not_believed(
    open_account: AccountMaker, removed: int, code: str
) -> None:
    account = busy(open_account)
    for number in range(1, removed + 1):
        account.control.remove("patients", number)
    with pytest.raises(SyncError) as failure:
        account.sync()
    assert failure.value.code == code
    assert gone(account, "patients") == set()


def test_somebody_added_while_the_list_was_read_is_no_difference(open_account: AccountMaker) -> None:
    account = busy(open_account)
    asked(account)
    due = [901]

    def add_one(now: SyncProgress) -> None:
        if now.feed == "patients" and due:
            moment = account.control.now()
            account.control.put(patients=[patient(due.pop(), created_at=moment, updated_at=moment)])

    account.sync(progress=add_one)
    assert asked(account) <= QUIET_REQUESTS + 2, "one request to catch up and one to count again"
    assert "901" in account.current("patients")
