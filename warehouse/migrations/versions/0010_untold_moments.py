"""Outreach that was logged without delivery events has none.

Rows were given the instant of their logging as both, phone calls too. An event at exactly that instant was
told of none of them but by a clock that ran ahead, which cannot be known from the rest.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("update app.outreach_log set delivered_at = null where delivered_at = logged_at")
    op.execute("update app.outreach_log set opened_at = null where opened_at = logged_at")
