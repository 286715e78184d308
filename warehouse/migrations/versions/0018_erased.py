"""Who was erased on request, and what a list of Cliniko's holds beyond what is known.

Of an erased person there is a keyed hash, of a removed organization too: enough to know them again when they
come back, by a sync or out of an old backup, and to nobody without the key a name of anybody.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
create table app.erased_patients (
    organization_id text not null references app.organizations on delete cascade,
    patient_hash bytea not null check (length(patient_hash) = 32),
    erased_at timestamptz not null default now(),
    primary key (organization_id, patient_hash)
);
comment on table app.erased_patients is
    'persons erased on request: what Cliniko says of them never lands again';
comment on column app.erased_patients.patient_hash is
    'HMAC-SHA256 of organization and patient id under ROUTIQ_ERASURE_KEY';
alter table app.erased_patients enable row level security;
alter table app.erased_patients force row level security;
create policy owner on app.erased_patients to routiq_owner using (true) with check (true);
create policy loader on app.erased_patients for select to routiq_loader using (true);
grant select on app.erased_patients to routiq_loader;

create table app.removed_organizations (
    organization_hash bytea not null check (length(organization_hash) = 32),
    removed_at timestamptz not null default clock_timestamp(),
    removed_by text not null,
    primary key (organization_hash, removed_at)
);
comment on table app.removed_organizations is
    'all that is left of an organization that was removed: when and by whom, for those who know its id';
"""

CURSORS = """
alter table app.sync_cursors add column unaccounted bigint not null default 0;
comment on column app.sync_cursors.unaccounted is
    'how many entries the list had, when it was last read whole for its size, that are no record known here';
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(CURSORS)
