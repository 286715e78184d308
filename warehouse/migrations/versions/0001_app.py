"""Schema `app`: organizations, sealed keys, sync runs, cursors, accepted loads, quarantine, outreach, audit.

`organization_id` is the first column of every key. Row-level security is on and forced wherever the API
reads or writes; the owner and the loader have policies of their own, because FORCE binds the owner too.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table app.organizations (
    organization_id text primary key check (organization_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    name text not null check (name <> ''),
    country text not null default 'AU' check (country ~ '^[A-Z]{2}$'),
    time_zone text not null default 'UTC',
    is_active boolean not null default true,
    sync_enabled boolean not null default true,
    created_at timestamptz not null default now()
);
comment on column app.organizations.time_zone is
    'IANA zone of most of its live businesses, learnt when data is published';

create table app.cliniko_credentials (
    organization_id text primary key references app.organizations on delete cascade,
    base_url text not null,
    kek_id text not null,
    wrapped_key bytea not null,
    sealed_api_key bytea not null,
    version integer not null default 1,
    stored_at timestamptz not null default now()
);
comment on column app.cliniko_credentials.wrapped_key is
    'nonce and data key, AES-256-GCM under the key of the environment named by kek_id';
comment on column app.cliniko_credentials.sealed_api_key is
    'nonce and API key, AES-256-GCM under the data key; organization, name and version are associated data';

create table app.sync_runs (
    organization_id text not null references app.organizations on delete cascade,
    id uuid not null default gen_random_uuid(),
    kind text not null default 'sync' check (kind in ('sync', 'sweep')),
    status text not null default 'queued' check (status in ('queued', 'running', 'succeeded', 'failed')),
    requested_by text not null,
    requested_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    lease_expires_at timestamptz,
    fence bigint,
    dagster_run_id text,
    load_id text,
    error_code text,
    error_detail text,
    primary key (organization_id, id),
    check ((status in ('succeeded', 'failed')) = (finished_at is not null)),
    check (status <> 'running'
        or (started_at is not null and lease_expires_at is not null and fence is not null))
);
create unique index sync_runs_one_at_a_time on app.sync_runs (organization_id)
    where status in ('queued', 'running');
create index sync_runs_recent on app.sync_runs (organization_id, requested_at desc);

create table app.sync_run_feeds (
    organization_id text not null,
    sync_run_id uuid not null,
    feed text not null,
    status text not null default 'running'
        check (status in ('running', 'succeeded', 'failed', 'forbidden')),
    pages_total integer not null default 0,
    pages_done integer not null default 0,
    requests integer not null default 0,
    rate_limit_waits integer not null default 0,
    rows_read bigint not null default 0,
    rows_new bigint not null default 0,
    rows_changed bigint not null default 0,
    rows_removed bigint not null default 0,
    rows_quarantined bigint not null default 0,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    primary key (organization_id, sync_run_id, feed),
    foreign key (organization_id, sync_run_id) references app.sync_runs on delete cascade
);

create table app.sync_cursors (
    organization_id text not null references app.organizations on delete cascade,
    feed text not null,
    updated_through timestamptz not null,
    swept_at timestamptz,
    fence bigint not null,
    primary key (organization_id, feed)
);
comment on column app.sync_cursors.updated_through is
    'everything Cliniko changed before this instant (by its own clock) has been read and accepted';

create table app.loads (
    organization_id text not null references app.organizations on delete cascade,
    load_id text not null,
    sync_run_id uuid not null,
    fence bigint not null,
    accepted_at timestamptz not null default now(),
    frozen_at timestamptz,
    published_at timestamptz,
    primary key (organization_id, load_id)
);
create index loads_not_published on app.loads (organization_id, load_id) where published_at is null;
comment on table app.loads is
    'a load of raw rows that was read to its end; rows of other loads are never read. A build freezes '
    'the accepted ones, reads exactly those, and publishing marks them';

create table app.publications (
    organization_id text primary key references app.organizations on delete cascade,
    data_version bigint not null,
    data_as_of timestamptz not null,
    published_at timestamptz not null
);
comment on column app.publications.data_as_of is 'end of the last successful sync whose load is published';

create table app.quarantine (
    organization_id text not null references app.organizations on delete cascade,
    id uuid not null default gen_random_uuid(),
    sync_run_id uuid not null,
    feed text not null,
    record_id text,
    field text,
    reason text not null,
    seen_at timestamptz not null,
    resolved_at timestamptz,
    primary key (organization_id, id)
);
create index quarantine_open on app.quarantine (organization_id, feed, record_id) where resolved_at is null;
comment on table app.quarantine is
    'rows Cliniko showed that could not be taken: which, where and why, never their content';

create table app.outreach_log (
    organization_id text not null references app.organizations on delete cascade,
    id uuid not null default gen_random_uuid(),
    patient_id text not null check (patient_id <> ''),
    method text not null check (method in ('sms', 'email', 'phone')),
    outcome text not null check (outcome in ('success', 'no_response', 'failed')),
    notes text not null default '',
    occurred_at timestamptz not null default now(),
    logged_at timestamptz not null default now(),
    logged_by text not null,
    delivered_at timestamptz,
    opened_at timestamptz,
    primary key (organization_id, id)
);
create index outreach_log_patient on app.outreach_log (organization_id, patient_id, occurred_at);
create index outreach_log_recent on app.outreach_log (organization_id, occurred_at);

create table app.audit_log (
    organization_id text not null references app.organizations,
    id uuid not null default gen_random_uuid(),
    at timestamptz not null default clock_timestamp(),
    actor text not null,
    session_id text,
    role text not null,
    action text not null,
    route text not null,
    patient_ids text[] not null default '{}',
    query jsonb not null default '{}',
    outcome text not null,
    request_id text not null,
    primary key (organization_id, id)
);
create index audit_log_recent on app.audit_log (organization_id, at);
create index audit_log_patients on app.audit_log using gin (patient_ids);
"""

AS_OF = """
create function app.as_of() returns timestamptz language sql stable parallel safe
return coalesce(nullif(current_setting('app.as_of', true), '')::timestamptz, now());
comment on function app.as_of() is 'the instant a question is asked: now, or the frozen clock of the session';
"""

# What each role may do. The tenant's policy is a plain comparison, without sub-select, so that it can use an
# index and can be pushed to shards.
TENANT = "organization_id = nullif(current_setting('app.organization_id', true), '')"
API_GRANTS = {
    "organizations": "select",
    "cliniko_credentials": "select (organization_id, stored_at)",
    "sync_runs": "select, insert (organization_id, id, kind, requested_by)",
    "sync_run_feeds": "select",
    "publications": "select",
    "outreach_log": "select, insert",
    "audit_log": "insert",
}
LOADER_GRANTS = {
    "organizations": "select, update",
    "cliniko_credentials": "select",
    "sync_runs": "select, insert, update",
    "sync_run_feeds": "select, insert, update",
    "sync_cursors": "select, insert, update",
    "loads": "select, insert",
    "publications": "select",
    "quarantine": "select, insert, update",
}
OPERATOR_GRANTS = ("organizations", "sync_runs", "sync_run_feeds", "publications")
WALLED = (*API_GRANTS, "sync_cursors", "loads", "quarantine")


def wall(table: str) -> str:
    """Row-level security for one table, with the policies of the roles that have grants on it."""
    statements = [
        f"alter table app.{table} enable row level security",
        f"alter table app.{table} force row level security",
        f"create policy owner on app.{table} to routiq_owner using (true) with check (true)",
    ]
    if table in API_GRANTS:
        statements += [
            f"create policy tenant on app.{table} to routiq_api using ({TENANT}) with check ({TENANT})",
            f"grant {API_GRANTS[table]} on app.{table} to routiq_api",
        ]
    if table in LOADER_GRANTS:
        statements += [
            f"create policy loader on app.{table} to routiq_loader using (true) with check (true)",
            f"grant {LOADER_GRANTS[table]} on app.{table} to routiq_loader",
        ]
    if table in OPERATOR_GRANTS:
        statements += [
            f"create policy operator on app.{table} for select to routiq_operator using (true)",
            f"grant select on app.{table} to routiq_operator",
        ]
    return ";\n".join(statements) + ";"


def upgrade() -> None:
    op.execute("grant usage on schema app to routiq_loader, routiq_api, routiq_operator")
    op.execute(TABLES)
    op.execute(AS_OF)
    for table in WALLED:
        op.execute(wall(table))
