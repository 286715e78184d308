"""One organization, one account: with another clinic's key nothing is read, whatever Cliniko tells of it."""

import pytest

from ingestion.cliniko.feeds import FEEDS
from ingestion.errors import SyncError
from tests.ingestion.clinics import patient
from tests.ingestion.conftest import Account, AccountMaker


def rows(account: Account) -> dict[str, int]:
    """How many raw rows there are of each feed, of all organizations, accepted or not."""
    return {
        feed.name: account.query(f"select count(*) as rows from raw_cliniko.{feed.name}")[0]["rows"]
        for feed in FEEDS
    }


def refusal(account: Account, code: str) -> str:
    """What a sync says that must fail with `code`, ask for no list of the clinic's and leave no row."""
    before = (rows(account), account.query("select * from app.sync_cursors"), known(account))
    with pytest.raises(SyncError) as refused:
        account.sync()
    assert refused.value.code == code
    assert (rows(account), account.query("select * from app.sync_cursors"), known(account)) == before
    [latest] = account.query(
        "select status, error_code, error_detail from app.sync_runs where organization_id = %(organization)s"
        " order by requested_at desc limit 1"
    )
    assert latest == {"status": "failed", "error_code": code, "error_detail": refused.value.message}
    return refused.value.message


def known(account: Account) -> list[dict[str, object]]:
    return account.query("select * from app.cliniko_accounts order by organization_id")


@pytest.fixture
def two(open_account: AccountMaker) -> tuple[Account, Account]:
    """Two clinics, each synced once, with patients of the same ids."""
    harbour = open_account("harbour", patients=[patient(1), patient(2)])
    quayside = open_account("quayside", patients=[patient(1), patient(3)])
    harbour.sync()
    quayside.sync()
    return harbour, quayside


def test_with_another_clinics_key_nothing_is_read(two: tuple[Account, Account]) -> None:
    harbour, quayside = two
    harbour.take_key_of(quayside)
    quayside.control.requests()
    said = refusal(harbour, "another_account")
    assert quayside.control.requests()["requests"] == 2, "the user and the settings, and no list"
    assert "'quayside'" in said
    assert "'harbour'" in said
    assert "routiq org rotate-key harbour" in said
    assert "invented-quayside" not in said
    harbour.add()
    assert harbour.sync().feeds["patients"]["rows_changed"] == 0


def test_keys_that_were_swapped_bring_neither_clinic_the_others_patients(
    two: tuple[Account, Account],
) -> None:
    harbour, quayside = two
    harbour.take_key_of(quayside)
    quayside.take_key_of(harbour)
    refusal(harbour, "another_account")
    refusal(quayside, "another_account")


def test_the_same_account_is_not_read_under_a_second_id(two: tuple[Account, Account]) -> None:
    harbour, quayside = two
    second = Account(harbour.settings, "second", harbour.control)
    second.add()
    said = refusal(second, "account_taken")
    assert "harbour already" in said
    harbour.sync()
    quayside.sync()


def test_a_key_stored_before_the_first_sync_is_of_the_account_that_was_checked(
    open_account: AccountMaker,
) -> None:
    """Between `org add` and the first sync no row tells whose organization it is."""
    harbour, quayside = open_account("harbour"), open_account("quayside")
    harbour.query(
        "insert into app.cliniko_accounts (organization_id, account_id) values ('harbour', '77') returning 1"
    )
    refusal(harbour, "another_account")
    quayside.sync()


@pytest.mark.parametrize("odd", [None, "", "harbour", 0, True, [], {"id": "1"}])
def test_without_an_account_id_the_businesses_tell(two: tuple[Account, Account], odd: object) -> None:
    harbour, quayside = two
    harbour.control.change_account(id=odd)
    quayside.control.change_account(id=odd)
    harbour.sync()
    harbour.take_key_of(quayside)
    said = refusal(harbour, "another_account")
    assert "'quayside'" in said
    second = Account(harbour.settings, "second", harbour.control)
    second.add()
    refusal(second, "account_taken")


def test_settings_that_cannot_be_read_leave_it_to_the_businesses(two: tuple[Account, Account]) -> None:
    harbour, quayside = two
    for status in (403, 404, 422, 500):
        quayside.control.heal()
        quayside.control.fault("status", status=status, path="settings/public")
        harbour.take_key_of(quayside)
        refusal(harbour, "another_account")


def test_what_cannot_be_told_is_not_taken_for_the_same(two: tuple[Account, Account]) -> None:
    harbour, _ = two
    harbour.control.change_account(id=None)
    harbour.control.fault("empty", path="businesses")
    said = refusal(harbour, "account_unknown")
    assert "nothing was changed" in said
    fresh = Account(harbour.settings, "fresh", harbour.control)
    fresh.add()
    refusal(fresh, "account_unknown")
    harbour.control.heal()
    harbour.sync()


def test_an_id_told_for_the_first_time_is_learnt_through_the_businesses(
    two: tuple[Account, Account],
) -> None:
    harbour, quayside = two
    harbour.query("update app.cliniko_accounts set account_id = null, business_ids = '{1}' returning 1")
    harbour.sync()
    [row] = harbour.query(
        "select account_id from app.cliniko_accounts where organization_id = %(organization)s"
    )
    assert row["account_id"]
    harbour.take_key_of(quayside)
    refusal(harbour, "another_account")


def test_an_account_may_change_its_name_its_subdomain_and_its_shard(two: tuple[Account, Account]) -> None:
    harbour, _ = two
    harbour.control.change_account(name="Harbour & Sons", subdomain="harbour-and-sons")
    harbour.sync()
    [row] = harbour.query(
        "select name, subdomain from app.cliniko_accounts where organization_id = %(organization)s"
    )
    assert row == {"name": "Harbour & Sons", "subdomain": "harbour-and-sons"}


def test_the_country_follows_cliniko_and_numbers_are_read_anew(open_account: AccountMaker) -> None:
    phones = [{"number": "020 7946 0018", "phone_type": "Home"}]
    harbour = open_account(patients=[patient(1, patient_phone_numbers=phones)])
    harbour.sync()
    assert harbour.current("patients")["1"]["patient_phone_numbers"][0]["phone_e164"] is None
    harbour.control.change_account(country_code="GB")
    harbour.sync()
    assert harbour.current("patients")["1"]["patient_phone_numbers"][0]["phone_e164"] == "+442079460018"
    harbour.add(country="AU")
    harbour.control.change_account(country_code="NZ")
    harbour.sync()
    [row] = harbour.query("select country from app.organizations where organization_id = %(organization)s")
    assert row["country"] == "AU", "given by hand"
    assert harbour.current("patients")["1"]["patient_phone_numbers"][0]["phone_e164"] is None


def test_a_changed_address_gets_no_key(two: tuple[Account, Account]) -> None:
    """Whoever can write the table sends no key elsewhere: it opens for its own address alone."""
    harbour, quayside = two
    harbour.query(
        "update app.cliniko_credentials set base_url = %(url)s where organization_id = %(organization)s"
        " returning 1",
        url=f"{quayside.control.address}/v1",
    )
    quayside.control.requests()
    refusal(harbour, "sealed")
    assert quayside.control.requests()["requests"] == 0


def test_a_paused_organization_is_not_synced(two: tuple[Account, Account]) -> None:
    harbour, _ = two
    harbour.query(
        "update app.organizations set is_active = false where organization_id = %(organization)s returning 1"
    )
    harbour.control.requests()
    with pytest.raises(SyncError, match="routiq org resume harbour") as refused:
        harbour.sync()
    assert refused.value.code == "paused"
    assert harbour.control.requests()["requests"] == 0
