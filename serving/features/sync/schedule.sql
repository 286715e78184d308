-- A run that another session queues while this statement runs is in nobody's sight: then no row
-- comes back with an id, and the statement is asked again.
with known as (
    select
        organization_id,
        is_active
    from app.organizations
    where organization_id = %(organization_id)s
),

queued as (
    insert into app.sync_runs (organization_id, kind, requested_by)
    select
        organization_id,
        'sync',
        %(requested_by)s
    from known
    where is_active
    on conflict (organization_id) where status in ('queued', 'running') do nothing
    returning id
),

underway as (
    select id
    from app.sync_runs
    where organization_id = %(organization_id)s and status in ('queued', 'running')
)

select
    known.is_active,
    coalesce((select id from queued), (select id from underway))::text as sync_id,
    exists(select from queued) as is_new,
    to_char(app.as_of() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as as_of
from known
