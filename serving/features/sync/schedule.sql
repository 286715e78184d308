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
    select app.queue_sync(organization_id, 'sync', %(requested_by)s) as id
    from known
    where is_active
),

underway as (
    select id
    from app.sync_runs
    where organization_id = %(organization_id)s and status in ('queued', 'running')
)

select
    known.is_active,
    coalesce((select id from queued), (select id from underway))::text as sync_id,
    (select id from queued) is not null as is_new,
    to_char(app.as_of() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as as_of
from known
