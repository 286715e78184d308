"""What each organization's Cliniko user has been asked in the last minute, so that a run started right after
a killed one does not spend the same allowance twice.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = """
create table app.request_pace (
    organization_id text primary key references app.organizations on delete cascade,
    answered_at timestamptz[] not null default '{}',
    noted_at timestamptz not null default now()
);
comment on column app.request_pace.answered_at is
    'when the latest requests were answered; infinity: set aside, and perhaps spent by a run that was killed';
alter table app.request_pace enable row level security;
alter table app.request_pace force row level security;
create policy owner on app.request_pace to routiq_owner using (true) with check (true);
create policy loader on app.request_pace to routiq_loader using (true) with check (true);
grant select, insert, update on app.request_pace to routiq_loader;
"""


def upgrade() -> None:
    op.execute(TABLE)
