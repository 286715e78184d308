"""Appending to the audit log costs the same however long it is.

A row that was sent twice is looked for by its id. To the planner, an organization that it knows little of has
hardly any rows: it then took any index that begins with the organization and read all of its rows, or, where
the table was known to be empty, the whole table; and a connection keeps such a plan. Now one index can be
used and nothing else: that of the ids, which no comparison of organizations competes with.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = """
alter table app.audit_log drop constraint audit_log_pkey, add primary key (id, organization_id)
"""

APPEND = """
create or replace function app.chain_audit_row() returns trigger language plpgsql security definer
set search_path = pg_catalog
set enable_seqscan = off
as $$
declare
    head app.audit_heads;
begin
    select * into head from app.audit_heads where organization_id = new.organization_id for update;
    if not found then
        insert into app.audit_heads values (new.organization_id, 0, '') on conflict do nothing;
        select * into head from app.audit_heads where organization_id = new.organization_id for update;
    end if;
    if exists (
        -- `|| ''`: not by an index that begins with the organization
        select from app.audit_log where id = new.id and organization_id || '' = new.organization_id
    ) then
        return null; -- sent again after a broken connection: it stands already
    end if;
    new.at := clock_timestamp();
    new.position := head.position + 1;
    new.hash := sha256(head.hash || convert_to(app.audit_content(new), 'UTF8'));
    update app.audit_heads set position = new.position, hash = new.hash
    where organization_id = new.organization_id;
    return new;
end
$$;
"""


def upgrade() -> None:
    op.execute(KEY)
    op.execute(APPEND)
