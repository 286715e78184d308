"""When a sync last came through, and how those of a day went, is found through an index.

Pages that show it counted all runs an organization ever had, or all of everybody's.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEXES = """
create index sync_runs_ended on app.sync_runs (finished_at);
create index sync_runs_succeeded on app.sync_runs (organization_id, finished_at) where status = 'succeeded';
"""


def upgrade() -> None:
    op.execute(INDEXES)
