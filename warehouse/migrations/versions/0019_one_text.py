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

ISOLATE = """
create function app.isolate_tenants(of_relation regclass) returns void language plpgsql as $$
declare
    policy name;
begin
    execute format('alter table %s enable row level security', of_relation);
    execute format('alter table %s force row level security', of_relation);
    for policy in select polname from pg_catalog.pg_policy where polrelid = of_relation loop
        execute format('drop policy %I on %s', policy, of_relation);
    end loop;
    execute format('create policy owner on %s to routiq_owner using (true) with check (true)', of_relation);
    execute format(
        'create policy tenant on %s for select to routiq_api
            using (organization_id = nullif(current_setting(''app.organization_id'', true), ''''))',
        of_relation
    );
    execute format('grant select on %s to routiq_api', of_relation);
end
$$;
comment on function app.isolate_tenants is
    'the API reads of this table what is its organization''s and writes nothing; the owner sees everything';
"""

# Of the tables of `app` and `marts`, and of every other one that the API may touch. FORCE binds the owner as
# well: without a policy of its own the build would read nothing and pass its checks.
HOLES = """
create function app.tenant_isolation_holes() returns table (relation regclass, hole text)
language sql stable as $$
    with tables as (
        select
            pg_class.oid,
            relowner,
            relrowsecurity and relforcerowsecurity as is_forced,
            nspname in ('app', 'marts') as is_ours,
            has_table_privilege('routiq_api', pg_class.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
            or has_any_column_privilege('routiq_api', pg_class.oid, 'SELECT, INSERT, UPDATE') as is_touched
        from pg_catalog.pg_class
        join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
        where relkind in ('r', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    ),

    policies as (
        select
            polrelid,
            polname,
            polroles,
            polcmd,
            pg_get_expr(polqual, polrelid) as visible,
            pg_get_expr(polwithcheck, polrelid) as writable
        from pg_catalog.pg_policy
        where polpermissive
    ),

    of_api as (
        select
            tables.oid,
            polname,
            polroles = array['routiq_api'::regrole::oid] as is_for_api_alone,
            array_remove(array[visible, writable], null) as expressions,
            $e$(organization_id = NULLIF(current_setting('app.organization_id'::text, true), ''::text))$e$
                as tenant
        from tables
        join policies on polrelid = tables.oid
        where is_touched
            and exists (
                select from unnest(polroles) as role
                where role = 0 or pg_has_role('routiq_api', role, 'MEMBER')
            )
    )

    select oid::regclass, 'has row-level security off or not forced'
    from tables where is_touched and not is_forced
    union all
    select oid::regclass, 'has no policy for the API'
    from tables where is_touched and oid not in (select of_api.oid from of_api)
    union all
    select oid::regclass, 'has policy ' || polname || ' for more roles than the API''s'
    from of_api where not is_for_api_alone
    union all
    select oid::regclass, 'has policy ' || polname || ' that is not the tenant''s'
    from of_api where expressions = '{}' or tenant <> any(expressions)
    union all
    select oid::regclass, 'hides rows from the build: no policy shows its owner everything'
    from tables
    where is_ours and is_forced
        and not exists (
            select from policies
            where polrelid = tables.oid and polcmd = '*' and relowner = any(polroles)
                and visible = 'true' and writable = 'true'
        )
$$;
comment on function app.tenant_isolation_holes is
    'what keeps a table from showing each organization its own rows alone, and the build everything';
"""


def upgrade() -> None:
    op.execute(QUEUE)
    op.execute(ISOLATE)
    op.execute(HOLES)
