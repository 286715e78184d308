with local_days as materialized (
    {{ local_day() }}
),

clock as materialized (
    select
        organization_id,
        {{ day_start('today - ' ~ (var('failed_outreach_days') - 1), 'time_zone') }} as failed_from
    from local_days
)

select
    outreach.organization_id,
    outreach.patient_id,
    count(*) as failed_recently
from clock
inner join {{ ref('outreach_as_of') }} as outreach
    on
        outreach.organization_id = clock.organization_id
        and outreach.occurred_at >= clock.failed_from
where outreach.outcome = 'failed'
group by outreach.organization_id, outreach.patient_id
