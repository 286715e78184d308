"""Outreach that was logged without delivery events has none.

Rows were given the instant of their logging as both, phone calls too. What a clock that ran ahead reported
stands at that instant as well; it cannot be told apart and goes with them.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update app.outreach_log set delivered_at = null where delivered_at = logged_at")
    op.execute("update app.outreach_log set opened_at = null where opened_at = logged_at")
