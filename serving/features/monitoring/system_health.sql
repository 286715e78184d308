-- What is incomplete stays so until a later run reads everything, however long ago that was.
with overall as (
    {overall}
),

runs as (
    select
        count(*) as total_syncs,
        count(*) filter (where status = 'succeeded') as successful_syncs,
        count(*) filter (where status = 'incomplete') as incomplete_syncs,
        count(*) filter (where status = 'failed') as failed_syncs
    from app.sync_runs
    where
        {scope}
        and finished_at > asked.as_of - interval '{recent_sync_hours} hours'
        and finished_at <= asked.as_of
),

standing as (
    select coalesce(bool_or(latest_status = 'incomplete'), false) as is_incomplete
    from (
        select
            (
                select sync_runs.status
                from app.sync_runs as sync_runs
                where
                    sync_runs.organization_id = organizations.organization_id
                    and sync_runs.is_accepted
                    and sync_runs.finished_at <= asked.as_of
                order by sync_runs.finished_at desc
                limit 1
            ) as latest_status
        from app.organizations as organizations
        where {scope} and is_active
    ) as latest
),

judged as (
    select
        case
            when runs.successful_syncs + runs.incomplete_syncs = 0 then 'unhealthy'
            when
                runs.failed_syncs > 0
                or standing.is_incomplete
                or overall.is_fresh is not true
                then 'degraded'
            else 'healthy'
        end as status
    from overall
    cross join runs
    cross join standing
)

select
    overall.*,
    runs.*,
    round(100.0 * runs.successful_syncs / nullif(runs.total_syncs, 0), 1) as success_rate,
    judged.status,
    judged.status = 'healthy' as all_systems_operational,
    '{}'::text[] as patient_ids
from overall
cross join runs
cross join judged
