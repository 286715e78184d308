"""Organizations and their sealed keys in a real database."""

import psycopg
import pytest

from warehouse.organizations import UnknownOrganizationError, add_organization, api_key_of, list_organizations
from warehouse.sealing import SealError, Secret
from warehouse.settings import Settings

URL = "http://127.0.0.1:1/v1"


def add(settings: Settings, name: str, key: str, country: str | None = None) -> None:
    add_organization(settings, name, name.title(), URL, Secret(key), country)


def test_a_stored_key_comes_back_and_can_be_replaced(warehouse: Settings) -> None:
    add(warehouse, "a", "first-au2", "GB")
    assert api_key_of(warehouse, "a").api_key.reveal() == "first-au2"
    add(warehouse, "a", "second-au2")
    credentials = api_key_of(warehouse, "a")
    assert credentials.api_key.reveal() == "second-au2"
    assert credentials.country == "GB"
    [organization] = list_organizations(warehouse)
    assert (organization.name, organization.base_url, organization.last_synced_at) == ("A", URL, None)


def test_the_database_holds_no_key_in_the_clear(warehouse: Settings) -> None:
    add(warehouse, "a", "canary-au2")
    with psycopg.connect(warehouse.url("owner")) as connection:
        row = connection.execute("select cliniko_credentials::text from app.cliniko_credentials").fetchone()
    assert row is not None
    assert b"canary-au2".hex() not in row[0]
    assert "canary" not in row[0]


def test_a_key_copied_to_another_organization_does_not_open(warehouse: Settings) -> None:
    add(warehouse, "a", "key-of-a-au2")
    add(warehouse, "b", "key-of-b-au2")
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(
            "update app.cliniko_credentials as b set wrapped_key = a.wrapped_key,"
            " sealed_api_key = a.sealed_api_key, version = a.version from app.cliniko_credentials as a"
            " where b.organization_id = 'b' and a.organization_id = 'a'"
        )
    with pytest.raises(SealError):
        api_key_of(warehouse, "b")


def test_an_old_key_put_back_under_a_new_version_does_not_open(warehouse: Settings) -> None:
    add(warehouse, "a", "key-of-a-au2")
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute("update app.cliniko_credentials set version = version + 1")
    with pytest.raises(SealError):
        api_key_of(warehouse, "a")


def test_an_unknown_organization_has_no_key(warehouse: Settings) -> None:
    with pytest.raises(UnknownOrganizationError):
        api_key_of(warehouse, "nobody")


@pytest.mark.parametrize(
    ("organization_id", "country"), [("a b", None), ("", None), ("a/../b", None), ("a", "aus")]
)
def test_bad_ids_and_countries_are_refused_by_the_database(
    module_warehouse: Settings, organization_id: str, country: str | None
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        add(module_warehouse, organization_id, "key-au2", country)


@pytest.mark.parametrize("role", ["api", "operator"])
def test_neither_the_api_nor_operators_can_read_keys(warehouse: Settings, role: str) -> None:
    add(warehouse, "a", "key-of-a-au2")
    with (
        psycopg.connect(warehouse.url(role)) as connection,  # type: ignore[arg-type]
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select sealed_api_key from app.cliniko_credentials")
