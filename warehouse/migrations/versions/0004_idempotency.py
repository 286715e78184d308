"""What an `Idempotency-Key` was used for, so that a repeated request logs nothing twice; and whose treatment
notes may be shown.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = """
create table app.idempotency_keys (
    organization_id text not null references app.organizations on delete cascade,
    subject text not null,
    key text not null check (length(key) between 1 and 255),
    request_hash bytea not null,
    outreach_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, subject, key),
    foreign key (organization_id, outreach_id) references app.outreach_log on delete cascade
);
comment on column app.idempotency_keys.request_hash is
    'sha256 of the request it came with: the same key with another request is refused';
create index idempotency_keys_age on app.idempotency_keys (created_at);
alter table app.idempotency_keys enable row level security;
alter table app.idempotency_keys force row level security;
create policy owner on app.idempotency_keys to routiq_owner using (true) with check (true);
create policy tenant on app.idempotency_keys to routiq_api
    using (organization_id = nullif(current_setting('app.organization_id', true), ''))
    with check (organization_id = nullif(current_setting('app.organization_id', true), ''));
grant select, insert on app.idempotency_keys to routiq_api;
"""

NOTE_ROLES = """
alter table app.organizations add column treatment_note_roles text[] not null default '{admin}'
    check (treatment_note_roles <@ array['admin', 'member']);
comment on column app.organizations.treatment_note_roles is
    'which roles the API shows treatment notes to';
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(NOTE_ROLES)
