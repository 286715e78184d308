"""Which Cliniko account is behind a key: asked before a key is stored, and before a sync reads anything.

settings, businesses -> Account -> compared with the one known (`warehouse.accounts`)
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import psycopg

from ingestion.cliniko.client import Client
from ingestion.cliniko.paging import PER_PAGE
from ingestion.countries import country_meant
from ingestion.errors import SyncError
from warehouse.accounts import Account, AccountError, known_account, settle_account
from warehouse.organizations import Credentials, follow_country

# The settings may be away or changed for a while; then the businesses tell. A key that is refused is final.
UNTOLD = frozenset(
    {
        "forbidden",
        "not_found",
        "gone",
        "refused",
        "server_error",
        "not_json",
        "wrong_shape",
        "unexpected_status",
    }
)


def confirm_account(
    connection: psycopg.Connection, client: Client, organization_id: str, credentials: Credentials
) -> Credentials:
    """Ask whose key it is, and note it; returns the credentials with the country as Cliniko has it now.

    Raises:
        SyncError: `another_account`, `account_taken` or `account_unknown`: nothing may be read with this key.
    """
    known = known_account(connection, organization_id)
    asks_businesses = known is not None and known.account_id is None
    found = account_behind(client, asks_businesses=asks_businesses)
    try:
        with connection.transaction():
            settle_account(connection, organization_id, found)
            return replace(
                credentials, country=follow_country(connection, organization_id, found.country_code)
            )
    except AccountError as error:
        raise SyncError(error.code, error.message) from None


def account_behind(client: Client, *, asks_businesses: bool) -> Account:
    """What the account tells of itself; its businesses as well where asked for, or where it tells no id."""
    told = _public_settings(client)
    country = _text(told, "country_code") or _text(told, "country")
    account = Account(
        account_id=_id(told.get("id")),
        name=_text(told, "name"),
        subdomain=_text(told, "subdomain"),
        country_code=country_meant(country) if country else None,
    )
    if account.account_id and not asks_businesses:
        return account
    return replace(account, business_ids=_business_ids(client))


def _public_settings(client: Client) -> Mapping[str, Any]:
    try:
        account = client.get(client.url("/settings/public")).payload.get("account")
    except SyncError as error:
        if error.code not in UNTOLD:
            raise
        return {}
    return account if isinstance(account, dict) else {}


def _business_ids(client: Client) -> frozenset[str]:
    """Those of the first page: one that is known is enough."""
    url = client.url("/businesses", [("per_page", str(PER_PAGE))])
    listed = client.get(url).payload.get("businesses")
    records = listed if isinstance(listed, list) else []
    ids = [_id(record.get("id")) for record in records if isinstance(record, dict)]
    return frozenset(one for one in ids if one)


def _id(value: object) -> str | None:
    """Ids are strings since 2020; a number is as good. Anything else names nobody."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and text.isascii() and text.isdigit() and int(text) > 0 else None


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    return value.strip()[:200] or None if isinstance(value, str) and value.isprintable() else None
