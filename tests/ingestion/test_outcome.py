"""What a run comes to: everything was read, some was not, or so much is odd that nothing of it counts."""

from typing import Any

import pytest

from ingestion.errors import SyncError
from ingestion.sync import SyncResult
from tests.ingestion.clinics import Record, patient
from tests.ingestion.conftest import Account, AccountMaker, fails


def odd(number: int, **fields: Any) -> Record:
    """A record that is refused."""
    return patient(number, **{"merged_at": "no instant", **fields})


def fresh(account: Account, *records: Record) -> list[Record]:
    now = account.control.now()
    return [{**record, "updated_at": now} for record in records]


def last_run(account: Account) -> dict[str, Any]:
    [run] = account.query("select * from app.sync_runs order by requested_at desc limit 1")
    return run


def told(result: SyncResult) -> list[tuple[str, str, str | None, str | None, int, str | None]]:
    return [
        (one.feed, one.what, one.field, one.reason, one.records, one.example_id) for one in result.problems
    ]


def test_a_run_that_read_everything_succeeded(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1)])
    result = account.sync()
    assert (result.status, result.problems) == ("succeeded", [])
    assert last_run(account)["status"] == "succeeded"


def test_it_is_incomplete_as_long_as_a_record_is_refused(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1), odd(2), odd(3)])
    for _ in range(2):  # the second reads nothing of them but by their ids
        result = account.sync()
        assert result.status == last_run(account)["status"] == "incomplete"
        assert told(result) == [("patients", "refused", "merged_at", "not an instant with a zone", 2, "2")]
    assert "correct it in Cliniko" in result.problems[0].detail
    account.control.put(patients=fresh(account, patient(2), patient(3)))
    assert account.sync().status == last_run(account)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("good", "bad", "is_change"), [(0, 2, False), (0, 3, True), (3, 3, True), (4, 3, False), (250, 251, True)]
)
def test_on_a_first_load(open_account: AccountMaker, good: int, bad: int, is_change: bool) -> None:
    records = [*(patient(number) for number in range(1, good + 1)), *(odd(1000 + n) for n in range(bad))]
    account = open_account(patients=records)
    if is_change:
        message = fails(account, "shape_changed").message
        assert f"{bad} of {good + bad} records" in message
        for part in ("patients", "merged_at: not an instant with a zone", "one is 1000"):
            assert part in message
        assert account.quarantine() == []
    else:
        assert account.sync().status == "incomplete"


@pytest.mark.parametrize("kind", ["sync", "sweep"])
def test_after_a_good_load(open_account: AccountMaker, kind: str) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 121)])
    account.sync()
    account.query(
        "update app.sync_cursors set updated_through = updated_through - interval '1 h' returning 1"
    )
    broken = [odd(number) for number in range(1, 4 if kind == "sync" else 121)]
    account.control.put(patients=fresh(account, *broken))
    fails(account, "shape_changed", kind=kind)
    [feed] = account.query(
        "select * from app.sync_run_feeds where feed = 'patients' and sync_run_id = %(run)s",
        run=last_run(account)["id"],
    )
    assert (feed["status"], feed["error_code"]) == ("failed", "shape_changed")
    assert account.current("patients")["1"]["merged_at"] is None

    account.control.put(patients=fresh(account, *(patient(number) for number in range(1, 121))))
    assert account.sync().status == "succeeded"


def test_reasons_known_already_are_no_change(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(1), odd(2), odd(3)])
    account.sync()
    account.control.put(patients=fresh(account, *(odd(number) for number in range(4, 9))))
    result = account.sync()
    assert (result.status, result.problems[0].records) == ("incomplete", 7)


def test_what_is_asked_again_out_of_quarantine_weighs_nothing(open_account: AccountMaker) -> None:
    """Forty old cases would else make three new ones of three look few."""
    whole = [patient(number) for number in range(1, 42)]
    account = open_account(patients=[*whole, *(odd(number) for number in range(100, 140))])
    assert account.sync().problems[0].records == 40
    rewind = "update app.sync_cursors set updated_through = now() - interval '1 h' returning 1"
    account.query(rewind)
    account.control.put(patients=fresh(account, *(odd(n, archived_at=5) for n in range(201, 204))))
    assert "3 of 3" in fails(account, "shape_changed").message


def blank(number: int) -> Record:
    """A record that lands without its mail."""
    return patient(number, email=5)


def test_a_blanked_field_is_no_gap(open_account: AccountMaker) -> None:
    account = open_account(
        patients=[patient(1), patient(2), patient(3), patient(4), blank(5), blank(6), blank(7)]
    )
    assert account.sync().status == "succeeded"
    assert len(account.current("patients")) == 7


def test_a_field_that_most_records_lost_is_no_success_until_it_is_back(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 31)])
    account.sync()
    account.control.put(patients=fresh(account, blank(1), blank(2), blank(3)))
    account.query("update app.sync_cursors set updated_through = now() - interval '1 h' returning 1")
    result = account.sync()
    assert result.status == "incomplete"
    assert told(result) == [("patients", "blanked", "email", "not text", 3, "1")]
    assert "email" in result.feeds["patients"]["note"]
    assert len(account.current("patients")) == 30

    # quiet hours do not make it right
    account.query("update app.sync_cursors set updated_through = now() + interval '1 h' returning 1")
    assert account.sync().status == "incomplete"
    account.query("update app.sync_cursors set updated_through = now() - interval '1 h' returning 1")
    account.control.put(patients=fresh(account, *(patient(number) for number in range(1, 31))))
    result = account.sync()
    assert (result.status, result.feeds["patients"]["note"]) == ("succeeded", None)


def test_an_optional_feed_of_another_shape_fails_the_run_too(open_account: AccountMaker) -> None:
    notes = [{"id": str(n), "created_at": "yesterday", "updated_at": "yesterday"} for n in (1, 2, 3)]
    account = open_account(patients=[patient(1)], treatment_notes=notes)
    with pytest.raises(SyncError) as failure:
        account.sync()
    assert failure.value.code == "shape_changed"
    assert "treatment_notes" in failure.value.message
