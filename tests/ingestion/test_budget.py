"""What a sync may cost: the fewest requests that paging allows, and never more than Cliniko's limit."""

import pytest

from tests.ingestion.clinics import FIRST_REQUESTS, QUIET_REQUESTS, appointment, patient
from tests.ingestion.conftest import Account, AccountMaker


def asked(account: Account) -> int:
    total: int = account.control.requests()["requests"]
    return total


def test_a_first_load_asks_once_for_each_hundred(open_account: AccountMaker) -> None:
    account = open_account(
        patients=[patient(number) for number in range(1, 301)],
        individual_appointments=[appointment(number, 1) for number in range(1, 102)],
    )
    account.sync()
    assert asked(account) == FIRST_REQUESTS + 2 + 1


def test_rows_beyond_the_first_answer_cost_one_request_more(open_account: AccountMaker) -> None:
    """As those of the very second are: here stamped ahead, so that the test does not depend on the second."""
    ahead = [patient(number, updated_at="2199-01-01T00:00:00Z") for number in (998, 999)]
    account = open_account(patients=[*(patient(number) for number in range(1, 251)), *ahead])
    account.sync()
    assert len(account.current("patients")) == 252
    assert asked(account) == FIRST_REQUESTS + 2 + 1


def test_a_sync_with_changes_costs_no_more_than_a_quiet_one(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 251)])
    account.sync()
    asked(account)
    now = account.control.now()
    account.control.put(patients=[patient(number, email=None, updated_at=now) for number in range(1, 61)])
    result = account.sync()
    assert result.feeds["patients"]["rows_changed"] == 60
    assert asked(account) == QUIET_REQUESTS


def test_a_limit_lower_than_ours_is_lived_with(open_account: AccountMaker) -> None:
    """The key's user may be busy elsewhere: 429s come however slowly we ask."""
    account = open_account(patients=[patient(number) for number in range(1, 251)])
    account.control.fault("status", status=429, reset_in=1, after=5, times=3)
    result = account.sync()
    assert len(account.current("patients")) == 250
    assert (account.control.requests()["status_429"], result.rate_limit_waits) == (3, 3)


def test_the_stamps_of_a_run_are_kept_for_the_next(
    open_account: AccountMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTIQ_CLINIKO_REQUESTS_PER_MINUTE", "200")
    account = open_account(patients=[patient(1)])
    used = account.sync().requests
    [row] = account.query("select cardinality(answered_at) as n, answered_at from app.request_pace")
    assert row["n"] == used
    account.sync()
    [row] = account.query("select cardinality(answered_at) as n from app.request_pace")
    assert row["n"] == used + QUIET_REQUESTS
