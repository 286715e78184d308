with outreach as (
    select
        organization_id,
        day_number,
        method,
        count(*) as attempts,
        count(*) filter (where is_success) as successes
    from {{ ref('trend_outreach') }}
    group by organization_id, day_number, method
)

select
    days.organization_id,
    days.day,
    channels.method,
    coalesce(outreach.attempts, 0) as attempts,
    coalesce(outreach.successes, 0) as successes
from {{ ref('trend_days') }} as days
inner join {{ ref('dim_channels') }} as channels
    on channels.organization_id = days.organization_id
left join outreach
    on
        outreach.organization_id = days.organization_id
        and outreach.day_number = days.day_number
        and outreach.method = channels.method
where days.day_number > {{ var('attribution_days') }}
