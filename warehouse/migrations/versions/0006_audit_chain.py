"""The audit log is append-only, and each row is chained to its organization's row before by a hash.

A row's hash covers the hash before it and everything the row says. `app.audit_heads` holds each chain's end;
taking it locks the organization's chain until the commit, which many rows share.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HEADS = """
create table app.audit_heads (
    organization_id text primary key references app.organizations,
    position bigint not null,
    hash bytea not null
);
comment on table app.audit_heads is 'the last row of each organization''s audit chain';
alter table app.audit_heads enable row level security;
alter table app.audit_heads force row level security;
create policy owner on app.audit_heads to routiq_owner using (true) with check (true);

alter table app.audit_log add column position bigint, add column hash bytea;
comment on column app.audit_log.position is 'its place in the organization''s chain: 1, 2, 3, without gaps';
comment on column app.audit_log.hash is
    'sha256 of the hash of the row before and of what this row says: see app.audit_content';
"""

# SECURITY DEFINER: the API may append a row, but neither read the chain nor touch its end. Nobody may call
# the functions but as these triggers.
FUNCTIONS = """
create function app.audit_content(said app.audit_log) returns text language sql stable
return jsonb_build_array(
    said.organization_id, said.position, said.id, extract(epoch from said.at), said.actor, said.session_id,
    said.role, said.action, said.route, to_jsonb(said.patient_ids), said.query, said.outcome, said.request_id
)::text;

create function app.chain_audit_row() returns trigger language plpgsql security definer
set search_path = pg_catalog
as $$
declare
    head app.audit_heads;
begin
    select * into head from app.audit_heads where organization_id = new.organization_id for update;
    if not found then
        insert into app.audit_heads values (new.organization_id, 0, '') on conflict do nothing;
        select * into head from app.audit_heads where organization_id = new.organization_id for update;
    end if;
    if exists (select from app.audit_log where organization_id = new.organization_id and id = new.id) then
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

create function app.refuse_change() returns trigger language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

revoke execute on function app.audit_content(app.audit_log), app.chain_audit_row(), app.refuse_change()
    from public;
"""

BACKFILL = """
do $$
declare
    unchained app.audit_log;
    head app.audit_heads;
begin
    for unchained in select * from app.audit_log order by organization_id, at, id loop
        insert into app.audit_heads values (unchained.organization_id, 0, '') on conflict do nothing;
        select * into head from app.audit_heads where organization_id = unchained.organization_id;
        unchained.position := head.position + 1;
        unchained.hash := sha256(head.hash || convert_to(app.audit_content(unchained), 'UTF8'));
        update app.audit_log set position = unchained.position, hash = unchained.hash
        where organization_id = unchained.organization_id and id = unchained.id;
        update app.audit_heads set position = unchained.position, hash = unchained.hash
        where organization_id = unchained.organization_id;
    end loop;
end
$$;
alter table app.audit_log
    alter column position set not null,
    alter column hash set not null,
    add unique (organization_id, position);
"""

# The index of patients takes each entry at once: a list of pending ones would have to be worked off by some
# unlucky reader's row.
TRIGGERS = """
create trigger chain_audit_row before insert on app.audit_log
    for each row execute function app.chain_audit_row();
create trigger append_only before update or delete or truncate on app.audit_log
    for each statement execute function app.refuse_change();
alter index app.audit_log_patients set (fastupdate = off);
"""


def upgrade() -> None:
    op.execute(HEADS)
    op.execute(FUNCTIONS)
    op.execute(BACKFILL)
    op.execute(TRIGGERS)
