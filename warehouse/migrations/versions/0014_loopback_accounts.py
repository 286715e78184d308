"""Which organizations' Cliniko is on this machine: those are the demo's, and nobody real is a patient there.

The operator's role sees that much, so that the API can tell whose data it would show on tokens that anybody
on this machine can have made.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Whole hosts only: neither a name that begins so, nor one behind user information.
ON_THIS_MACHINE = r"^https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?(/|$)"


def upgrade() -> None:
    op.execute(f"""
        alter table app.cliniko_credentials
            add column is_loopback boolean not null
                generated always as (base_url ~ '{ON_THIS_MACHINE}') stored;
        comment on column app.cliniko_credentials.is_loopback is
            'its Cliniko is on this machine: a sandbox, so its patients do not exist';
        create policy operator on app.cliniko_credentials for select to routiq_operator using (true);
        grant select (organization_id, is_loopback) on app.cliniko_credentials to routiq_operator;
    """)
