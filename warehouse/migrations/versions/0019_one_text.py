"""What several parts of the house do to the database in one text each: queueing a sync, isolating tenants."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

QUEUE = """
create function app.queue_sync(of_organization text, of_kind text, asked_by text) returns uuid
language sql as $$
    insert into app.sync_runs (organization_id, kind, requested_by)
    values (of_organization, of_kind, asked_by)
    on conflict (organization_id) where status in ('queued', 'running') do nothing
    returning id
$$;
comment on function app.queue_sync is
    'the run that was queued; null where another one of the organization is queued or running';
"""


def upgrade() -> None:
    op.execute(QUEUE)
