"""Trying an API key before it is stored."""

from dataclasses import dataclass

import psycopg

from ingestion.accounts import account_behind
from ingestion.cliniko.address import base_url_for
from ingestion.cliniko.client import Client
from ingestion.cliniko.pace import Pace
from ingestion.ledger import RequestLedger
from ingestion.settings import ClinikoSettings
from warehouse.accounts import Account
from warehouse.sealing import Secret
from warehouse.settings import Settings


@dataclass(frozen=True)
class CheckedKey:
    """Where the key works, as whom, and whose account it opens."""

    base_url: str
    user_id: str
    role: str | None
    account: Account
    requests: int


def check_key(api_key: Secret, base_url: str | None = None) -> CheckedKey:
    """Ask Cliniko who the key's user is, and of which account.

    Raises:
        SyncError: the address is not Cliniko's, cannot be reached, or refuses the key.
    """
    cliniko = ClinikoSettings()
    address = base_url_for(api_key.reveal(), base_url)
    with Client(address, api_key, cliniko.model_copy(update={"attempts": 2}), Pace(0)) as client:
        user = client.get(client.url("/user")).payload
        account = account_behind(client, asks_businesses=True)
    role = user.get("role")
    return CheckedKey(
        address,
        str(user.get("id")),
        role if isinstance(role, str) else None,
        account,
        client.counters.requests,
    )


def note_check(settings: Settings, organization_id: str, requests: int) -> None:
    """The checks were requests too: the first sync may begin within the same minute."""
    with psycopg.connect(settings.url("loader"), autocommit=True) as connection:
        ledger = RequestLedger(connection, organization_id)
        ledger.write([*ledger.read(), *[0.0] * requests])
