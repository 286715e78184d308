-- A sync whose lease has run out was abandoned: its process is gone. It is ended here; where it
-- still stood in the way of a new one, no row comes back with an id, and the statement is asked
-- again.
with known as (
    select
        organization_id,
        is_active
    from app.organizations
    where organization_id = %(organization_id)s
),

abandoned as (
    update app.clerk_syncs
    set status = 'failed', finished_at = now(), error_code = 'abandoned'
    where organization_id = %(organization_id)s and status = 'running' and lease_expires_at <= now()
),

begun as (
    insert into app.clerk_syncs (organization_id, requested_by, lease_expires_at)
    select
        organization_id,
        %(requested_by)s,
        now() + make_interval(secs => %(lease_seconds)s)
    from known
    where is_active
    on conflict (organization_id) where status = 'running' do nothing
    returning id
)

select
    known.is_active,
    coalesce(
        (select id from begun),
        (
            select id from app.clerk_syncs
            where
                organization_id = %(organization_id)s
                and status = 'running' and lease_expires_at > now()
        )
    )::text as sync_id,
    exists(select from begun) as is_new,
    (
        select ceil(extract(epoch from finished_at - started_at))::integer
        from app.clerk_syncs
        where organization_id = %(organization_id)s and status = 'succeeded'
        order by started_at desc
        limit 1
    ) as last_seconds
from known
