"""How each organization stood when somebody was last told, and what they are still to be told.

A row for each organization that is kept up, and for each job of Dagster that ever failed by itself. The API
has no business with either.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = """
create table app.{table} (
    {key},
    state text not null check (state in ('fine', 'incomplete', 'late', 'held_back', 'failed')),
    since timestamptz not null default now(),
    reason text not null,
    remedy text not null,
    dagster_run_id text,
    watched_since timestamptz not null default now(),
    told_state text not null default 'fine',
    told_at timestamptz,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null default now(),
    delivered_to text[] not null default '{{}}',
    last_error text
);
comment on column app.{table}.told_state is 'the state of the last alert that reached everybody';
comment on column app.{table}.delivered_to is
    'digests of the addresses that have taken the alert of this state, while others have not';
alter table app.{table} enable row level security;
alter table app.{table} force row level security;
create policy owner on app.{table} to routiq_owner using (true) with check (true);
"""
ORGANIZATION = "organization_id text primary key references app.organizations on delete cascade"


def upgrade() -> None:
    op.execute(TABLE.format(table="organization_alerts", key=ORGANIZATION))
    op.execute(TABLE.format(table="job_alerts", key="job_name text primary key"))
