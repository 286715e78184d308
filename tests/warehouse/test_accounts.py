"""Which account is whose, in a real database: two at once, and what an older version left."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.conftest import create_old_database, drop_database
from warehouse.accounts import Account, AccountError, known_account
from warehouse.bootstrap import migrate
from warehouse.organizations import add_organization, api_key_of, list_organizations, rotate_key
from warehouse.sealing import SealError, Secret
from warehouse.settings import Settings

CLINIKO = "https://api.au2.cliniko.com/v1"
OURS = Account("1204417733920510001", "Harbour Motion", "harbour-motion", "GB", frozenset({"7"}))
KEY = Secret("invented-au2")


def add(settings: Settings, name: str, account: Account) -> str:
    """How it ended: the code of the refusal, or nothing."""
    try:
        add_organization(settings, name, name, CLINIKO, KEY, None, account)
    except AccountError as error:
        return error.code
    return ""


@pytest.mark.parametrize("account", [OURS, Account(None, business_ids=frozenset({"7", "8"}))])
def test_of_two_who_come_at_once_one_gets_the_account(warehouse: Settings, account: Account) -> None:
    names, start = [f"org_{number}" for number in range(6)], Barrier(6)

    def add_with_the_others(name: str) -> str:
        start.wait()
        return add(warehouse, name, account)

    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(add_with_the_others, names))
    assert sorted(ended) == ["", *["account_taken"] * 5]
    [stored] = list_organizations(warehouse)
    assert stored.organization_id == names[ended.index("")]


def test_the_database_itself_keeps_an_account_for_one_organization(warehouse: Settings) -> None:
    add(warehouse, "a", OURS)
    add(warehouse, "b", Account("2"))
    with (
        psycopg.connect(warehouse.url("loader")) as connection,
        pytest.raises(psycopg.errors.UniqueViolation),
    ):
        connection.execute(
            "update app.cliniko_accounts set account_id = %s where organization_id = 'b'", [OURS.account_id]
        )


def test_another_account_changes_neither_name_nor_country_nor_key(warehouse: Settings) -> None:
    add(warehouse, "a", OURS)
    assert list_organizations(warehouse)[0].country == "GB"
    with pytest.raises(AccountError, match="'Quayside'") as refused:
        add_organization(warehouse, "a", "B", CLINIKO, Secret("other-au2"), "NZ", Account("2", "Quayside"))
    assert refused.value.code == "another_account"
    with pytest.raises(AccountError):
        rotate_key(warehouse, "a", CLINIKO, Secret("other-au2"), Account("2", "Quayside"))
    [kept] = list_organizations(warehouse)
    assert (kept.name, kept.country) == ("a", "GB")
    assert api_key_of(warehouse, "a").api_key.reveal() == KEY.reveal()


@pytest.fixture
def old(cluster: Settings) -> Iterator[Settings]:
    """A database of the version before accounts were known."""
    yield create_old_database(cluster, "before_accounts", "0013")
    drop_database(cluster, "before_accounts")


def seal_as_before(settings: Settings, organization_id: str, base_url: str, api_key: str) -> None:
    """Organization, name and version were bound; the address was not."""

    def closed(key: bytes, value: bytes, name: str) -> bytes:
        parts = [organization_id.encode(), name.encode(), b"1"]
        place = b"".join(len(part).to_bytes(4) + part for part in parts)
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, value, place)

    data_key = AESGCM.generate_key(bit_length=256)
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name) values (%s, 'x') on conflict do nothing",
            [organization_id],
        )
        connection.execute(
            "insert into app.cliniko_credentials"
            " (organization_id, base_url, kek_id, wrapped_key, sealed_api_key)"
            " values (%s, %s, 'ROUTIQ_MASTER_KEY', %s, %s)",
            [
                organization_id,
                base_url,
                closed(settings.master_key_bytes(), data_key, "data key"),
                closed(data_key, api_key.encode(), "cliniko api key"),
            ],
        )


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        (CLINIKO, "invented-au2"),
        ("https://api.au1.cliniko.com:443/v1", "invented"),
        ("http://127.0.0.1:8091/v1", "invented-uk1"),
    ],
)
def test_a_key_sealed_before_is_bound_to_its_address(old: Settings, base_url: str, key: str) -> None:
    seal_as_before(old, "a", base_url, key)
    migrate(old)
    assert api_key_of(old, "a").api_key.reveal() == key
    with psycopg.connect(old.url("owner")) as connection:
        connection.execute("update app.cliniko_credentials set base_url = 'http://127.0.0.1:1/v1'")
    with pytest.raises(SealError):
        api_key_of(old, "a")


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.uk1.cliniko.com/v1",
        "http://api.au2.cliniko.com/v1",
        "https://api.au2.cliniko.com.example.com/v1",
        "https://user:pw@api.au2.cliniko.com/v1",
        "http://127.0.0.1:80@example.com/v1",
    ],
)
def test_a_key_whose_address_was_changed_before_goes_there_no_more(old: Settings, base_url: str) -> None:
    seal_as_before(old, "a", base_url, "invented-au2")
    seal_as_before(old, "b", CLINIKO, "other-au2")
    migrate(old)
    with pytest.raises(SealError):
        api_key_of(old, "a")
    assert api_key_of(old, "b").api_key.reveal() == "other-au2"


def loaded(
    settings: Settings, organization_id: str, days_ago: int, account_id: str, business_id: str
) -> None:
    """An accepted load that showed this account."""
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name) values (%s, 'x') on conflict do nothing",
            [organization_id],
        )
        load = f"{organization_id}-{days_ago}"
        for feed, record_id in (("settings", account_id), ("businesses", business_id)):
            connection.execute(
                f"insert into raw_cliniko.{feed} (organization_id, id, seen_at, _dlt_load_id, _dlt_id)"
                " values (%s, %s, now(), %s, %s)",
                [organization_id, record_id, load, load],
            )
        connection.execute(
            "insert into app.loads (organization_id, load_id, sync_run_id, fence, accepted_at)"
            " values (%s, %s, gen_random_uuid(), 1, now() - make_interval(days => %s))",
            [organization_id, load, days_ago],
        )


def test_the_account_is_learnt_from_what_was_read_first(old: Settings) -> None:
    """Not from the key of now, nor from a load that another clinic's key has brought since."""
    loaded(old, "mixed", 9, "100", "1")
    loaded(old, "mixed", 1, "200", "2")
    loaded(old, "twice", 5, "300", "3")
    loaded(old, "again", 4, "300", "4")
    migrate(old)
    with psycopg.connect(old.url("owner")) as connection:
        known = {name: known_account(connection, name) for name in ("mixed", "twice", "again", "nobody")}
    assert known["mixed"] == Account("100", business_ids=frozenset({"1", "2"}))
    assert known["twice"] == Account(None, business_ids=frozenset({"3"})), "an id of two is nobody's"
    assert known["again"] == Account(None, business_ids=frozenset({"4"}))
    assert known["nobody"] is None
    assert add(old, "mixed", Account("200")) == "another_account"
    assert add(old, "twice", Account("300", business_ids=frozenset({"4"}))) == "another_account"
    assert add(old, "twice", Account("300", business_ids=frozenset({"3"}))) == ""
    assert add(old, "again", Account("300", business_ids=frozenset({"4"}))) == "account_taken"


def test_a_country_that_was_not_the_default_was_given(old: Settings) -> None:
    with psycopg.connect(old.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name, country)"
            " values ('a', 'x', 'NZ'), ('b', 'x', 'AU')"
        )
    migrate(old)
    add(old, "a", Account("1", country_code="GB"))
    add(old, "b", Account("2", country_code="GB"))
    assert {one.organization_id: one.country for one in list_organizations(old)} == {"a": "NZ", "b": "GB"}
