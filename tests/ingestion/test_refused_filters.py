"""Filters that Cliniko refuses: a list goes on without those that lift what hides its rows. What is missing
then may only be hidden, so it is neither taken for gone nor erased."""

import pytest

from ingestion.sync import SyncProgress
from tests.ingestion.clinics import STAMP, Record, appointment, patient
from tests.ingestion.conftest import Account, AccountMaker, fails
from warehouse.erasing import erase_the_gone

HIDDEN = "2026-02-04T00:00:00Z"


def gone(account: Account, feed: str) -> set[str]:
    return {name for name, row in account.current(feed).items() if row["purged_at"] is not None}


@pytest.mark.parametrize("wording", ["{field} is not filterable", "This column is not searchable."])
def test_a_hiding_filter_that_is_refused_is_left_out_with_a_note(
    open_account: AccountMaker, wording: str
) -> None:
    businesses: list[Record] = [
        {"id": str(n), "business_name": f"Rooms {n}", "created_at": STAMP, "updated_at": STAMP, **fields}
        for n, fields in enumerate([{}, {"archived_at": HIDDEN}, {"deleted_at": HIDDEN}], start=1)
    ]
    choices = f'[choices]\nunfilterable_message = "{wording}"\n'
    account = open_account(extra=choices, patients=[patient(1)], businesses=businesses)
    account.control.fault("refuse_filter", field="deleted_at", path="businesses")
    for _ in range(2):
        result = account.sync()
        assert result.status == "succeeded"
        facts = result.feeds["businesses"]
        assert facts["status"] == "succeeded"
        assert "deleted_at" in facts["note"]
        assert "archived_at" not in facts["note"]
        assert set(account.current("businesses")) == {"1", "2"}
    assert result.feeds["patients"]["note"] is None


def test_what_a_refused_filter_hides_is_not_buried(open_account: AccountMaker) -> None:
    """More than half of the list is missing: since nothing of it is taken for gone, that is no loss."""
    deleted = [appointment(number, 1, deleted_at=HIDDEN) for number in range(1, 11)]
    account = open_account(individual_appointments=[*deleted, *(appointment(n, 1) for n in range(11, 31))])
    account.sync()
    account.control.fault("refuse_filter", field="deleted_at", path="individual_appointments")
    account.control.put(
        individual_appointments=[appointment(number, 1, deleted_at=HIDDEN) for number in range(11, 21)]
    )
    result = account.sync(kind="sweep")
    assert result.feeds["individual_appointments"]["rows_removed"] == 0
    assert gone(account, "individual_appointments") == set()
    assert account.current("individual_appointments")["1"]["deleted_at"] is not None


@pytest.mark.parametrize("kind", ["sync", "sweep"])
def test_who_may_only_be_hidden_keeps_name_and_number(open_account: AccountMaker, kind: str) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 31)])
    account.sync()
    account.control.fault("refuse_filter", field="archived_at", path="patients")
    account.control.put(patients=[patient(7, archived_at=HIDDEN)])
    account.control.remove("patients", 8)
    facts = account.sync(kind=kind).feeds["patients"]
    assert "archived_at" in facts["note"]
    assert facts["rows_removed"] == 0
    assert erase_the_gone(account.settings) == []
    assert account.current("patients")["7"]["last_name"] == "Invented 7"

    account.control.heal()
    account.sync(kind=kind)
    assert gone(account, "patients") == {"8"}
    [erasure] = erase_the_gone(account.settings)
    assert erasure.patient_ids == ["8"]


def test_a_refusal_that_begins_after_the_reading_buries_nobody(open_account: AccountMaker) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 31)])
    account.sync()
    account.control.remove("patients", 7)
    account.control.put(patients=[patient(8, archived_at=HIDDEN)])

    def refuse(now: SyncProgress) -> None:
        if now.feed == "patients" and now.pages_done == 1:
            account.control.fault("refuse_filter", field="archived_at", path="patients")

    account.sync(kind="sweep", progress=refuse)
    assert gone(account, "patients") == set()


@pytest.mark.parametrize("patients", [1, 30])
def test_an_empty_list_is_believed_no_more_for_a_refused_filter(
    open_account: AccountMaker, patients: int
) -> None:
    account = open_account(patients=[patient(number) for number in range(1, patients + 1)])
    account.sync()
    account.control.fault("refuse_filter", field="archived_at", path="patients")
    for number in range(1, patients + 1):
        account.control.remove("patients", number)
    if patients == 1:
        account.sync(kind="sweep")
    else:
        fails(account, "empty_list", kind="sweep")
    assert gone(account, "patients") == set()


@pytest.mark.parametrize("field", ["updated_at", "archived_at"])
def test_a_list_without_a_filter_that_it_needs_fails_in_cliniko_s_words(
    open_account: AccountMaker, field: str
) -> None:
    account = open_account(patients=[patient(number) for number in range(1, 151)])
    account.control.fault("refuse_filter", field=field, path="patients")
    if field == "archived_at":
        assert account.sync().feeds["patients"]["note"]
    else:
        assert "updated_at is not filterable" in fails(account, "refused").message
