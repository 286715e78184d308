"""Which Cliniko account an organization is: one organization, one account, and nobody else's.

Asking Cliniko is `ingestion.accounts`'. An account is known by the id that Cliniko gives it; a shard, a
subdomain and a name may change. Where no id is told, its businesses are the witness.
"""

from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class Account:
    """A Cliniko account as it tells of itself; None and nothing stand for what it does not tell."""

    account_id: str | None
    name: str | None = None
    subdomain: str | None = None
    country_code: str | None = None
    business_ids: frozenset[str] = frozenset()

    def __str__(self) -> str:
        words = [repr(self.name) if self.name else "", self.subdomain or "", f"id {self.account_id or '?'}"]
        return f"the Cliniko account {', '.join(word for word in words if word)}"

    def is_same(self, other: "Account") -> bool | None:
        """None when it cannot be told."""
        if self.account_id and other.account_id:
            return self.account_id == other.account_id
        if self.business_ids and other.business_ids:
            return not self.business_ids.isdisjoint(other.business_ids)
        return None


class AccountError(Exception):
    """The account is not the one that it must be. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def known_account(connection: psycopg.Connection, organization_id: str) -> Account | None:
    """The account an organization is known to be, with the businesses that its accepted loads showed."""
    row = connection.execute(
        """
        select account_id, name, subdomain, country_code, business_ids || array(
            select distinct id from raw_cliniko.businesses as businesses
            inner join app.loads
                on loads.organization_id = businesses.organization_id
                and loads.load_id = businesses._dlt_load_id
            where businesses.organization_id = accounts.organization_id
        )
        from app.cliniko_accounts as accounts
        where organization_id = %s
        """,
        [organization_id],
    ).fetchone()
    if row is None:
        return None
    account_id, name, subdomain, country_code, business_ids = row
    return Account(account_id, name, subdomain, country_code, frozenset(business_ids))


def settle_account(connection: psycopg.Connection, organization_id: str, found: Account) -> None:
    """Compare the account behind a key with the one known, and note what it tells of itself.

    To be called within the transaction of what depends on it.

    Raises:
        AccountError: `another_account` than the one known, `account_taken` by another organization, or
            `account_unknown`: it cannot be told which one it is.
    """
    # Two commands at once would both find the account free; of ids the index knows it too, of businesses not.
    connection.execute("select pg_advisory_xact_lock(hashtext('routiq cliniko accounts'))")
    known = known_account(connection, organization_id)
    if known is not None:
        _require_same(organization_id, known, found)
    elif not found.account_id and not found.business_ids:
        raise AccountError(
            "account_unknown",
            f"Cliniko tells neither the account's id nor a business of it to the key of {organization_id}; "
            "nothing was changed. Does the key's user see the clinic's settings and businesses?",
        )
    _require_free(connection, organization_id, found)
    _note(connection, organization_id, found)


def _require_same(organization_id: str, known: Account, found: Account) -> None:
    is_same = found.is_same(known)
    if is_same is None:
        raise AccountError(
            "account_unknown",
            f"it cannot be told whether the key of {organization_id} belongs to {known}: Cliniko tells "
            "neither the id of its account nor businesses that are known; nothing was changed",
        )
    if not is_same:
        raise AccountError(
            "another_account",
            f"the key belongs to {found}, but {organization_id} is {known}; nothing was changed. Take a key "
            f"of the right account (`routiq org rotate-key {organization_id} ...`), or add the other clinic "
            "under an id of its own (`routiq org add --id ...`)",
        )


def _require_free(connection: psycopg.Connection, organization_id: str, found: Account) -> None:
    row = connection.execute(
        """
        select organization_id from app.cliniko_accounts
        where organization_id <> %(organization_id)s
            and case when account_id is not null and %(account_id)s::text is not null
                then account_id = %(account_id)s
                else business_ids && %(business_ids)s::text[]
            end
        limit 1
        """,
        {
            "organization_id": organization_id,
            "account_id": found.account_id,
            "business_ids": sorted(found.business_ids),
        },
    ).fetchone()
    if row is not None:
        raise AccountError(
            "account_taken",
            f"{found} is {row[0]} already, and cannot be {organization_id} too; nothing was changed. "
            f"`routiq org rotate-key {row[0]} ...` replaces its key",
        )


def _note(connection: psycopg.Connection, organization_id: str, found: Account) -> None:
    connection.execute(
        """
        insert into app.cliniko_accounts as known
            (organization_id, account_id, name, subdomain, country_code, business_ids, seen_at)
        values (%(organization_id)s, %(account_id)s, %(name)s, %(subdomain)s, %(country_code)s,
            %(business_ids)s, now())
        on conflict (organization_id) do update
        set account_id = coalesce(excluded.account_id, known.account_id),
            name = coalesce(excluded.name, known.name),
            subdomain = coalesce(excluded.subdomain, known.subdomain),
            country_code = coalesce(excluded.country_code, known.country_code),
            business_ids = array(
                select distinct id from unnest(known.business_ids || excluded.business_ids) as id order by id
            ),
            seen_at = excluded.seen_at
        """,
        {**vars(found), "organization_id": organization_id, "business_ids": sorted(found.business_ids)},
    )
