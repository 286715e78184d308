"""One organization, one Cliniko account; and a key opens only for the address it was sealed with.

Which account an organization is, is learnt from what was read and accepted first, not from whatever key is
stored now: that may be another clinic's. An id that two organizations have is nobody's: the next sync of
either says which is whose, by its businesses.

Keys sealed before did not bind their address. They are sealed anew here, once, if the address is Cliniko's on
the key's shard or this machine; others no longer open and have to be stored again.
"""

import os
import re

import sqlalchemy
from alembic import context, op
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ACCOUNTS = """
create table app.cliniko_accounts (
    organization_id text primary key references app.organizations on delete cascade,
    account_id text check (account_id <> ''),
    name text,
    subdomain text,
    country_code text,
    business_ids text[] not null default '{}',
    seen_at timestamptz not null default now(),
    check (account_id is not null or business_ids <> '{}')
);
create unique index cliniko_accounts_one_organization on app.cliniko_accounts (account_id);
comment on table app.cliniko_accounts is
    'which Cliniko account an organization is: a key of another one is refused';
comment on column app.cliniko_accounts.account_id is 'Cliniko''s id; null where it never told one';
comment on column app.cliniko_accounts.business_ids is
    'businesses that were asked for: the witness where no id is told';
alter table app.cliniko_accounts enable row level security;
alter table app.cliniko_accounts force row level security;
create policy owner on app.cliniko_accounts to routiq_owner using (true) with check (true);
create policy loader on app.cliniko_accounts to routiq_loader using (true) with check (true);
grant select, insert, update on app.cliniko_accounts to routiq_loader;
"""

LEARNT = """
with firsts as (
    select distinct on (settings.organization_id)
        settings.organization_id, settings.id, settings.name, settings.country_code, settings.seen_at
    from raw_cliniko.settings as settings
    inner join app.loads
        on loads.organization_id = settings.organization_id and loads.load_id = settings._dlt_load_id
    inner join app.organizations on organizations.organization_id = settings.organization_id
    where settings.purged_at is null and settings.id <> ''
    order by settings.organization_id, loads.accepted_at, settings._dlt_id
),

shown as (
    select businesses.organization_id, array_agg(distinct businesses.id) as ids
    from raw_cliniko.businesses as businesses
    inner join app.loads
        on loads.organization_id = businesses.organization_id and loads.load_id = businesses._dlt_load_id
    group by businesses.organization_id
),

learnt as (
    select
        firsts.organization_id,
        case when count(*) over (partition by firsts.id) = 1 then firsts.id end as account_id,
        firsts.name,
        firsts.country_code,
        coalesce(shown.ids, '{}') as business_ids,
        firsts.seen_at
    from firsts
    left join shown on shown.organization_id = firsts.organization_id
)

insert into app.cliniko_accounts (organization_id, account_id, name, country_code, business_ids, seen_at)
select organization_id, account_id, name, country_code, business_ids, seen_at from learnt
where account_id is not null or business_ids <> '{}'
"""

COUNTRIES = """
alter table app.organizations add column country_is_given boolean not null default false;
comment on column app.organizations.country_is_given is
    'by hand; else the country follows Cliniko''s settings';
update app.organizations set country_is_given = (country <> 'AU');
-- a country that changes has every patient read again, which a sync may now find out by itself
grant delete on app.sync_cursors to routiq_loader;
"""

KEY_ID, NONCE_BYTES = "ROUTIQ_MASTER_KEY", 12
CLINIKO = re.compile(r"https://api\.([a-z]{2}\d{1,2})\.cliniko\.com(:443)?/v1", re.ASCII | re.IGNORECASE)
LOOPBACK = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?/v1", re.ASCII | re.IGNORECASE)


def upgrade() -> None:
    op.execute(ACCOUNTS)
    op.execute(LEARNT)
    op.execute(COUNTRIES)
    master_key = context.config.attributes.get("master_key")
    if master_key is not None:
        seal_anew(op.get_bind(), master_key())


def seal_anew(connection: sqlalchemy.Connection, master_key: bytes) -> None:
    rows = connection.execute(
        sqlalchemy.text(
            "select organization_id, base_url, version, wrapped_key, sealed_api_key"
            " from app.cliniko_credentials where kek_id = :kek_id for update"
        ),
        {"kek_id": KEY_ID},
    ).all()
    for organization_id, base_url, version, wrapped_key, sealed in rows:
        place = [organization_id, "cliniko api key", str(version)]
        try:
            data_key = opened(master_key, wrapped_key, [organization_id, "data key", str(version)])
            api_key = opened(data_key, sealed, place)
        except (InvalidTag, ValueError):
            continue  # it did not open before either; `routiq doctor` says so
        if not may_go_to(base_url, api_key.decode()):
            continue
        nonce = os.urandom(NONCE_BYTES)
        bound = nonce + AESGCM(data_key).encrypt(nonce, api_key, associated([*place, base_url]))
        connection.execute(
            sqlalchemy.text(
                "update app.cliniko_credentials set sealed_api_key = :bound"
                " where organization_id = :organization_id"
            ),
            {"bound": bound, "organization_id": organization_id},
        )


def opened(key: bytes, value: bytes, place: list[str]) -> bytes:
    return AESGCM(key).decrypt(bytes(value[:NONCE_BYTES]), bytes(value[NONCE_BYTES:]), associated(place))


def associated(parts: list[str]) -> bytes:
    return b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)


def may_go_to(base_url: str, api_key: str) -> bool:
    shard = re.search(r"(?<=.)-([a-z]{2}\d{1,2})$", api_key, re.ASCII)
    cliniko = CLINIKO.fullmatch(base_url)
    if cliniko:
        return cliniko[1].lower() == (shard[1] if shard else "au1")
    return LOOPBACK.fullmatch(base_url) is not None
