"""Lists that are edited while they are read, and edits that hide: nothing is lost."""

import pytest

from tests.ingestion.clinics import STAMP, Record, appointment, patient
from tests.ingestion.conftest import AccountMaker, everyone, meanwhile


def spread(count: int) -> list[Record]:
    """Patients whose stamps differ, so that an edit moves the rows behind it."""
    return [
        patient(number, updated_at=f"2026-02-01T{number // 60 % 24:02}:{number % 60:02}:00Z")
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("page", [1, 2, 5, 9])
def test_rows_that_move_while_the_list_is_read(open_account: AccountMaker, page: int) -> None:
    account = open_account(patients=spread(1000))
    account.control.fault("move_rows", path="patients", page=page, times=1, rows=5)
    account.sync()
    assert everyone(account) == set(range(1, 1001))


def test_rows_that_move_while_a_gap_is_read_again(open_account: AccountMaker) -> None:
    account = open_account(patients=spread(1000))
    account.control.fault("move_rows", path="patients", page=5, times=1, rows=30)
    account.control.fault("move_rows", path="patients", page=1, after=1, times=1, rows=30)
    account.sync()
    assert everyone(account) == set(range(1, 1001))


def test_rows_that_move_again_and_again(open_account: AccountMaker) -> None:
    account = open_account(patients=spread(1000))
    account.control.fault("move_rows", path="patients", times=6, rows=30)
    account.sync()
    assert everyone(account) == set(range(1, 1001))


def test_people_who_edit_add_and_purge_while_the_list_is_read(open_account: AccountMaker) -> None:
    account = open_account(patients=spread(1000))

    def act() -> None:
        edit = {"first_name": "Edited", "updated_at": account.control.now()}
        account.control.put(patients=[patient(number, **edit) for number in (3, 4, 700, 2001)])
        account.control.remove("patients", 5)
        account.control.remove("patients", 800)

    account.sync(progress=meanwhile(4, act))
    account.sync()
    known = account.current("patients")
    assert {int(n) for n in known} >= set(range(1, 1001)) - {5, 800} | {2001}
    assert {known[n]["first_name"] for n in ("3", "4", "700", "2001")} == {"Edited"}


def test_a_list_whose_ties_come_in_any_order(open_account: AccountMaker) -> None:
    """All stamps equal, and the server free to order ties as it likes between two requests."""
    account = open_account(patients=[patient(number) for number in range(1, 951)])
    account.sync()
    assert everyone(account) == set(range(1, 951))


def test_a_shrunk_list_may_answer_404_beyond_its_end(open_account: AccountMaker) -> None:
    account = open_account(extra='[choices]\npage_beyond_end = "not_found"\n', patients=spread(201))
    account.control.fault("move_rows", path="patients", page=2, times=1, rows=50)
    account.sync()
    assert everyone(account) == set(range(1, 202))


def test_two_edits_in_one_second_with_a_sync_between(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1)])
    now = account.control.now()
    account.control.put(patients=[patient(1, first_name="First", updated_at=now)])
    account.sync()
    account.control.put(patients=[patient(1, first_name="Second", updated_at=now)])
    account.sync()
    assert account.current("patients")["1"]["first_name"] == "Second"


def test_a_change_that_is_shown_late_is_within_the_overlap(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1)])
    account.sync()
    [cursor] = account.query(
        "select updated_through - interval '9 minutes' as late from app.sync_cursors where feed = 'patients'"
    )
    late = cursor["late"].strftime("%Y-%m-%dT%H:%M:%SZ")
    account.control.put(patients=[patient(2, updated_at=late)])
    account.sync()
    assert everyone(account) == {1, 2}


@pytest.mark.parametrize("name", ["archived_at", "deleted_at", "cancelled_at"])
def test_hiding_that_does_not_move_updated_at(open_account: AccountMaker, name: str) -> None:
    account = open_account(individual_appointments=[appointment(number, 1) for number in (1, 2)])
    account.sync()
    now = account.control.now()
    account.control.put(individual_appointments=[appointment(2, 1, **{name: now})])
    result = account.sync()
    known = account.current("individual_appointments")
    assert known["2"][name] is not None
    assert known["1"][name] is None
    assert result.feeds["individual_appointments"]["rows_changed"] == 1


def test_unhiding_moves_nothing_but_a_sweep_sees_it(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1, archived_at="2026-02-04T00:00:00Z"), patient(2)])
    account.sync()
    account.control.put(patients=[patient(1)])
    account.sync(kind="sweep")
    assert account.current("patients")["1"]["archived_at"] is None


def test_hidden_rows_are_read_on_the_first_load(open_account: AccountMaker) -> None:
    stamps = ("archived_at", "deleted_at", "cancelled_at")
    hidden = [
        appointment(number, 1, **dict.fromkeys(names, "2026-02-04T00:00:00Z"))
        for number, names in enumerate([stamps[:1], stamps[1:2], stamps[2:], stamps[1:], stamps], start=1)
    ]
    account = open_account(individual_appointments=hidden)
    account.sync()
    assert set(account.current("individual_appointments")) == {"1", "2", "3", "4", "5"}


def test_a_practitioner_who_leaves_is_still_known(open_account: AccountMaker) -> None:
    stamps = {"created_at": STAMP, "updated_at": STAMP}
    person: Record = {"id": "1", "display_name": "Dr Invented", "active": True, **stamps}
    account = open_account(practitioners=[person])
    account.sync()
    account.control.put(practitioners=[{**person, "active": False}])
    result = account.sync()
    assert account.current("practitioners")["1"]["active"] is False
    assert result.feeds["practitioners"]["rows_changed"] == 1
