"""The organizations and their Cliniko keys. Checking a key against Cliniko is `ingestion`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from warehouse.accounts import Account, settle_account
from warehouse.sealing import KEK_ID, Sealed, SealError, Secret, rewrap, seal, unseal
from warehouse.settings import Settings

API_KEY = "cliniko api key"

__all__ = ["Credentials", "Organization", "SealError", "add_organization", "api_key_of", "list_organizations"]


class UnknownOrganizationError(LookupError):
    """No such organization, or no key is stored for it."""


@dataclass(frozen=True)
class Organization:
    """One tenant: a Cliniko account."""

    organization_id: str
    name: str
    country: str
    time_zone: str
    is_active: bool
    """False while it is paused: nothing is synced, and nobody of it is let in."""
    sync_enabled: bool
    treatment_note_roles: list[str]
    base_url: str | None
    last_synced_at: datetime | None


@dataclass(frozen=True)
class Credentials:
    """How to reach an organization's Cliniko."""

    base_url: str
    country: str
    api_key: Secret


def add_organization(
    settings: Settings,
    organization_id: str,
    name: str,
    base_url: str,
    api_key: Secret,
    country: str | None = None,
    account: Account | None = None,
) -> None:
    """Store an organization and its sealed key; an existing one gets the new name, URL and key.

    Without `country` it has that of its Cliniko account, and follows it, unless another one was given once.

    Raises:
        AccountError: the key's account is not the organization's, or is another organization's.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            """
            insert into app.organizations as known (organization_id, name, country, country_is_given)
            values (%(id)s, %(name)s, coalesce(%(country)s, 'AU'), %(country)s::text is not null)
            on conflict (organization_id) do update set name = excluded.name
            """,
            {"id": organization_id, "name": name, "country": country},
        )
        if country is not None:
            _change_country(connection, organization_id, country, is_given=True)
        _store_key(connection, settings, organization_id, base_url, api_key, account)


def rotate_key(
    settings: Settings, organization_id: str, base_url: str, api_key: Secret, account: Account
) -> None:
    """Replace an organization's key by another one of the same account.

    Raises:
        UnknownOrganizationError: there is no such organization.
        AccountError: the key's account is not the organization's, or is another organization's.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        known = connection.execute(
            "select from app.organizations where organization_id = %s for update", [organization_id]
        ).fetchone()
        if known is None:
            raise UnknownOrganizationError(organization_id)
        _store_key(connection, settings, organization_id, base_url, api_key, account)


def _store_key(
    connection: psycopg.Connection,
    settings: Settings,
    organization_id: str,
    base_url: str,
    api_key: Secret,
    account: Account | None,
) -> None:
    if account is not None:
        settle_account(connection, organization_id, account)
        follow_country(connection, organization_id, account.country_code)
    row = connection.execute(
        "select version from app.cliniko_credentials where organization_id = %s for update",
        [organization_id],
    ).fetchone()
    version = 1 if row is None else row[0] + 1
    sealed = seal(settings.master_key_bytes(), organization_id, API_KEY, version, base_url, api_key)
    connection.execute(
        """
        insert into app.cliniko_credentials
            (organization_id, base_url, kek_id, wrapped_key, sealed_api_key, version, stored_at)
        values (%s, %s, %s, %s, %s, %s, now())
        on conflict (organization_id) do update
        set (base_url, kek_id, wrapped_key, sealed_api_key, version, stored_at) =
            (excluded.base_url, excluded.kek_id, excluded.wrapped_key, excluded.sealed_api_key,
             excluded.version, excluded.stored_at)
        """,
        [organization_id, base_url, KEK_ID, sealed.wrapped_key, sealed.ciphertext, version],
    )


def follow_country(connection: psycopg.Connection, organization_id: str, country: str | None) -> str:
    """The organization's country, after it has followed Cliniko's unless it was given by hand."""
    row = connection.execute(
        "select country, country_is_given from app.organizations where organization_id = %s for update",
        [organization_id],
    ).fetchone()
    if row is None:
        raise UnknownOrganizationError(organization_id)
    known, is_given = str(row[0]), bool(row[1])
    if country is None or is_given:
        return known
    _change_country(connection, organization_id, country, is_given=False)
    return country


def _change_country(
    connection: psycopg.Connection, organization_id: str, country: str, *, is_given: bool
) -> None:
    """Another country reads the numbers differently: the next sync reads every patient again."""
    connection.execute(
        """
        delete from app.sync_cursors using app.organizations
        where sync_cursors.organization_id = %(id)s and sync_cursors.feed = 'patients'
            and organizations.organization_id = %(id)s and organizations.country <> %(country)s
        """,
        {"id": organization_id, "country": country},
    )
    connection.execute(
        "update app.organizations set country = %(country)s, country_is_given = %(is_given)s"
        " where organization_id = %(id)s"
        " and (country, country_is_given) is distinct from (%(country)s, %(is_given)s)",
        {"id": organization_id, "country": country, "is_given": is_given},
    )


def change_organization(
    settings: Settings,
    organization_id: str,
    *,
    is_active: bool | None = None,
    sync_enabled: bool | None = None,
    treatment_note_roles: Sequence[str] | None = None,
) -> Organization:
    """Change what is given, leave the rest, and return how it stands.

    Raises:
        UnknownOrganizationError: there is no such organization.
    """
    roles = None if treatment_note_roles is None else list(treatment_note_roles)
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute(
            """
            update app.organizations
            set is_active = coalesce(%s, is_active), sync_enabled = coalesce(%s, sync_enabled),
                treatment_note_roles = coalesce(%s, treatment_note_roles)
            where organization_id = %s
            """,
            [is_active, sync_enabled, roles, organization_id],
        )
    known = {one.organization_id: one for one in list_organizations(settings)}
    if organization_id not in known:
        raise UnknownOrganizationError(organization_id)
    return known[organization_id]


def list_organizations(settings: Settings) -> list[Organization]:
    with psycopg.connect(settings.url("loader")) as connection:
        return (
            connection.cursor(row_factory=class_row(Organization))
            .execute(
                """
                select organization_id, name, country, time_zone, is_active, sync_enabled,
                    treatment_note_roles, base_url,
                    (
                        select max(finished_at) from app.sync_runs
                        where sync_runs.organization_id = organizations.organization_id
                            and is_accepted
                    ) as last_synced_at
                from app.organizations
                left join app.cliniko_credentials using (organization_id)
                order by organization_id
                """
            )
            .fetchall()
        )


def api_key_of(settings: Settings, organization_id: str) -> Credentials:
    """Open the stored key.

    Raises:
        UnknownOrganizationError: there is no such organization, or it has no key.
        SealError: the key does not open with this environment's master key, or for this address.
    """
    with psycopg.connect(settings.url("loader")) as connection:
        row = connection.execute(
            """
            select base_url, country, wrapped_key, sealed_api_key, version, kek_id
            from app.cliniko_credentials join app.organizations using (organization_id)
            where organization_id = %s
            """,
            [organization_id],
        ).fetchone()
    if row is None:
        raise UnknownOrganizationError(organization_id)
    base_url, country, wrapped_key, ciphertext, version, kek_id = row
    sealed = Sealed(bytes(wrapped_key), bytes(ciphertext), version, kek_id)
    master_key = settings.master_key_bytes()
    return Credentials(base_url, country, unseal(master_key, organization_id, API_KEY, base_url, sealed))


def rewrap_keys(settings: Settings, old_key: bytes) -> list[str]:
    """Wrap every data key by the master key of now; returns whose were wrapped by the old one until now.

    All or none. What the new master key opens already is left alone, so that it may be run again.

    Raises:
        SealError: neither master key opens one; its organization is named.
    """
    new_key = settings.master_key_bytes()
    with psycopg.connect(settings.url("owner")) as connection:
        rows = connection.execute(
            """
            select organization_id, wrapped_key, sealed_api_key, version, kek_id
            from app.cliniko_credentials order by organization_id for update
            """
        ).fetchall()
        rewrapped = []
        for organization_id, wrapped_key, ciphertext, version, kek_id in rows:
            sealed = Sealed(bytes(wrapped_key), bytes(ciphertext), version, kek_id)
            if _is_wrapped_by(new_key, organization_id, sealed):
                continue
            try:
                wrapped = rewrap(old_key, new_key, organization_id, sealed)
            except SealError:
                raise SealError(
                    f"neither master key opens the key of {organization_id}; nothing was changed. Store it "
                    f"again first (`routiq org rotate-key {organization_id} ...`), then run this again"
                ) from None
            connection.execute(
                "update app.cliniko_credentials set wrapped_key = %s where organization_id = %s",
                [wrapped, organization_id],
            )
            rewrapped.append(str(organization_id))
    return rewrapped


def _is_wrapped_by(master_key: bytes, organization_id: str, sealed: Sealed) -> bool:
    try:
        rewrap(master_key, master_key, organization_id, sealed)
    except SealError:
        return False
    return True
