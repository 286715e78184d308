"""Whatever changes an answer of the API is announced, in the transaction that changes it.

Triggers rather than calls: no writer can forget. The payload begins with the organization; a publication's
own announcement is the same and therefore sent once.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FUNCTION = """
create function app.announce_change() returns trigger language plpgsql
set search_path = pg_catalog
as $$
declare
    changed jsonb := to_jsonb(coalesce(new, old));
begin
    perform pg_notify(
        'routiq_data',
        (changed ->> 'organization_id') || ' ' || coalesce(changed ->> 'data_version', tg_table_name)
    );
    return null;
end
$$;
comment on function app.announce_change() is
    'tells whoever keeps answers on channel routiq_data that the organization''s have changed';
revoke execute on function app.announce_change() from public;
"""
TRIGGERS = """
create trigger announce_change after insert or update or delete on app.publications
    for each row execute function app.announce_change();
create trigger announce_change after insert or update or delete on app.outreach_log
    for each row execute function app.announce_change();
create trigger announce_change after insert or update or delete on app.organizations
    for each row execute function app.announce_change();
create trigger announce_change after insert or update of status, finished_at on app.sync_runs
    for each row when (new.status = 'succeeded') execute function app.announce_change();
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(TRIGGERS)
