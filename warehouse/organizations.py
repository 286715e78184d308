"""The organizations and their Cliniko keys. Checking a key against Cliniko is `ingestion`'s."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from warehouse.sealing import KEK_ID, Sealed, SealError, Secret, seal, unseal
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
) -> None:
    """Store an organization and its sealed key; an existing one gets the new name, URL and key.

    Without `country` a new organization is Australian and an existing one keeps its own.
    """
    with psycopg.connect(settings.url("owner")) as connection:
        _forget_phones(connection, organization_id, country)
        connection.execute(
            """
            insert into app.organizations as known (organization_id, name, country)
            values (%(id)s, %(name)s, coalesce(%(country)s, 'AU'))
            on conflict (organization_id) do update
            set name = excluded.name, country = coalesce(%(country)s, known.country)
            """,
            {"id": organization_id, "name": name, "country": country},
        )
        row = connection.execute(
            "select version from app.cliniko_credentials where organization_id = %s for update",
            [organization_id],
        ).fetchone()
        version = 1 if row is None else row[0] + 1
        sealed = seal(settings.master_key_bytes(), organization_id, API_KEY, version, api_key)
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


def _forget_phones(connection: psycopg.Connection, organization_id: str, country: str | None) -> None:
    """Another country reads the numbers differently: the next sync reads every patient again."""
    connection.execute(
        """
        delete from app.sync_cursors using app.organizations
        where sync_cursors.organization_id = %(id)s and sync_cursors.feed = 'patients'
            and organizations.organization_id = %(id)s and organizations.country <> %(country)s::text
        """,
        {"id": organization_id, "country": country},
    )


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
        SealError: the key does not open with this environment's master key.
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
    return Credentials(
        base_url, country, unseal(settings.master_key_bytes(), organization_id, API_KEY, sealed)
    )
