with latest as (
    select
        id as sync_id,
        case
            when status = 'running' and lease_expires_at <= now() then 'failed'
            else status
        end as status,
        case
            when status = 'running' and lease_expires_at <= now() then 'abandoned'
            else error_code
        end as error_code,
        started_at,
        finished_at,
        status = 'running' and lease_expires_at > now() as is_running
    from app.clerk_syncs
    where organization_id = %(organization_id)s
    order by started_at desc, id desc
    limit 1
)

select
    %(is_connected)s::boolean as clerk_api_connected,
    (
        select count(*) from app.clerk_users
        where organization_id = %(organization_id)s
    ) as users,
    (
        select count(*) from app.clerk_organizations
        where organization_id = %(organization_id)s
    ) as organizations,
    (
        select count(*) from app.clerk_memberships
        where organization_id = %(organization_id)s
    ) as organization_members,
    (
        select max(finished_at)
        from app.clerk_syncs
        where organization_id = %(organization_id)s and status = 'succeeded'
    ) as last_sync,
    (select {LastAttempt} from latest) as last_attempt,
    coalesce((select is_running from latest), false) as sync_in_progress,
    '{}'::text[] as patient_ids
