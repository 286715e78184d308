"""Who belongs to an organization, as Clerk says: a mirror of its own for each organization.

A person of two organizations has a row in each, so no row and no key is shared between tenants. The API
writes these tables itself, behind the tenant's wall; operators see what counts need, never a name or an
address.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
create table app.clerk_organizations (
    organization_id text primary key references app.organizations on delete cascade,
    name text not null,
    slug text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table app.clerk_users (
    organization_id text not null references app.organizations on delete cascade,
    user_id text not null check (user_id <> ''),
    first_name text,
    last_name text,
    email text,
    is_banned boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    last_sign_in_at timestamptz,
    primary key (organization_id, user_id)
);
comment on column app.clerk_users.email is 'the primary address';
comment on column app.clerk_users.last_sign_in_at is 'null: has never signed in';

create table app.clerk_memberships (
    organization_id text not null,
    user_id text not null,
    membership_id text not null,
    role text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, user_id),
    foreign key (organization_id, user_id) references app.clerk_users on delete cascade
);

create table app.clerk_syncs (
    organization_id text not null references app.organizations on delete cascade,
    id uuid not null default gen_random_uuid(),
    status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
    requested_by text not null,
    started_at timestamptz not null default now(),
    lease_expires_at timestamptz not null,
    finished_at timestamptz,
    users integer,
    memberships integer,
    removed integer,
    error_code text,
    primary key (organization_id, id),
    check ((status = 'running') = (finished_at is null)),
    check ((status = 'failed') = (error_code is not null))
);
create unique index clerk_syncs_one_at_a_time on app.clerk_syncs (organization_id) where status = 'running';
create index clerk_syncs_recent on app.clerk_syncs (organization_id, started_at desc);
comment on column app.clerk_syncs.lease_expires_at is
    'later than a sync may take: one that is still running then was abandoned, its process is gone';
"""

TENANT = "organization_id = nullif(current_setting('app.organization_id', true), '')"
API_GRANTS = {
    "clerk_organizations": "select, insert, update",
    "clerk_users": "select, insert, update, delete",
    "clerk_memberships": "select, insert, update, delete",
    "clerk_syncs": "select, insert (organization_id, requested_by, lease_expires_at), "
    "update (status, finished_at, users, memberships, removed, error_code)",
}
OPERATOR_GRANTS = {
    "clerk_organizations": "organization_id, created_at",
    "clerk_users": "organization_id, user_id, is_banned, created_at, last_sign_in_at",
    "clerk_memberships": "organization_id, user_id, role",
    "clerk_syncs": "organization_id, status, started_at, lease_expires_at, finished_at",
}


def upgrade() -> None:
    op.execute(TABLES)
    for table, granted in API_GRANTS.items():
        op.execute(f"""
            alter table app.{table} enable row level security;
            alter table app.{table} force row level security;
            create policy owner on app.{table} to routiq_owner using (true) with check (true);
            create policy tenant on app.{table} to routiq_api using ({TENANT}) with check ({TENANT});
            grant {granted} on app.{table} to routiq_api;
            create policy operator on app.{table} for select to routiq_operator using (true);
            grant select ({OPERATOR_GRANTS[table]}) on app.{table} to routiq_operator;
        """)
