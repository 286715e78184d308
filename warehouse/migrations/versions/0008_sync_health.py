"""What the mart `sync_health` reads live: the API may count quarantined rows by feed, but not see which, and
the last run of a feed is found through an index, however many runs there were.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTABLE = """
create policy tenant on app.quarantine for select to routiq_api
    using (organization_id = nullif(current_setting('app.organization_id', true), ''));
grant select (organization_id, feed, resolved_at) on app.quarantine to routiq_api;
"""

INDEXES = """
create index sync_run_feeds_recent on app.sync_run_feeds (organization_id, feed, started_at desc);
create index sync_run_feeds_read on app.sync_run_feeds (organization_id, feed, started_at desc)
    where status = 'succeeded';
"""


def upgrade() -> None:
    op.execute(COUNTABLE)
    op.execute(INDEXES)
