"""The audit log is no longer indexed by patient: a list of fifty changed fifty pages of that index.

After each checkpoint each of them went to the write-ahead log whole, ten times what the row itself takes. Who
saw a patient is asked seldom, and finds the organization's rows, or a span of them, by the other indexes.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop index app.audit_log_patients")
