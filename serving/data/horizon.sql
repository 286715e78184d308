with asked as (
    select
        organizations.organization_id,
        publications.data_as_of,
        app.as_of() as as_of,
        (date_trunc('day', app.as_of() at time zone organizations.time_zone) + interval '1 day')
        at time zone organizations.time_zone as midnight_at,
        coalesce(current_setting('app.as_of', true), '') <> '' as is_frozen
    from app.organizations as organizations
    left join app.publications as publications
        on publications.organization_id = organizations.organization_id
    where organizations.organization_id = %(organization_id)s
)

select
    case
        when is_frozen then 'infinity'::double precision
        else extract(epoch from least(
            midnight_at,
            (
                select min(visits.starts_at)
                from marts.fct_visits as visits
                where
                    visits.organization_id = %(organization_id)s and visits.starts_at > asked.as_of
            ),
            (
                select min(outreach.occurred_at)
                from app.outreach_log as outreach
                where
                    outreach.organization_id = %(organization_id)s
                    and outreach.occurred_at > asked.as_of
            ),
            (
                select min(edges.edge_at)
                from (
                    select asked.data_as_of + interval '{stale_data_hours} hours' as edge_at
                    union all
                    select max(sync_runs.finished_at) + interval '{recent_sync_hours} hours'
                    from app.sync_runs
                    where sync_runs.organization_id = %(organization_id)s and sync_runs.is_accepted
                ) as edges
                where edges.edge_at > asked.as_of
            )
        ) - as_of)::double precision
    end as seconds
from asked
