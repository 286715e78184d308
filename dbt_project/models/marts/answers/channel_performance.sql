{%- set longest = var('performance_timeframes') | max -%}
with days as materialized (
    {{ local_day() }}
),

timeframes as (
    select
        days.organization_id,
        lengths.days
    from days
    cross join (values ({{ var('performance_timeframes') | join('), (') }})) as lengths (days)
),

clock as materialized (
    select
        organization_id,
        time_zone,
        today,
        {{ day_start('today - ' ~ (longest - 1), 'time_zone') }} as outreach_from
    from days
),

dated as (
    select
        outreach.*,
        clock.today - (outreach.occurred_at at time zone clock.time_zone)::date as days_ago
    from clock
    inner join {{ ref('outreach_as_of') }} as outreach
        on
            outreach.organization_id = clock.organization_id
            and outreach.occurred_at >= clock.outreach_from
),

-- one row of each patient-day stands for it, a successful one if there is any
outreach as (
    select
        *,
        row_number() over (
            partition by organization_id, patient_id, days_ago
            order by outcome = 'success' desc
        ) = 1 as is_patient_day
    from dated
),

-- once, and not again for each attempt: to the planner a young log has one row;
-- ordered, so that it is asked clinic by clinic: only then the days before are left out early
conversions as materialized (
    select found.*
    from clock
    cross join
        lateral (
            select
                organization_id,
                outreach_id,
                days_to_reengage
            from {{ ref('outreach_conversions') }}
            where
                organization_id = clock.organization_id
                and outreach_on > clock.today - {{ longest }}
            order by outreach_id
        ) as found
),

counted as (
    select
        timeframes.organization_id,
        timeframes.days,
        outreach.method,
        count(*) as attempts,
        count(*) filter (where outreach.outcome <> 'failed') as delivered,
        count(*) filter (
            where outreach.opened_at is not null or outreach.outcome = 'success'
        ) as seen_opened,
        count(outreach.opened_at) > 0 as is_opening_tracked,
        count(*) filter (where outreach.outcome = 'success') as responded,
        count(conversions.outreach_id) as booked,
        sum(conversions.days_to_reengage) as days_to_reengage,
        count(*) filter (where outreach.is_patient_day) as patient_days,
        count(*) filter (
            where outreach.is_patient_day and outreach.outcome = 'success'
        ) as successful_patient_days
    from timeframes
    inner join outreach
        on
            outreach.organization_id = timeframes.organization_id
            and outreach.days_ago < timeframes.days
    left join conversions
        on
            conversions.organization_id = outreach.organization_id
            and conversions.outreach_id = outreach.outreach_id
    group by timeframes.organization_id, timeframes.days, outreach.method
)

select
    timeframes.organization_id,
    'last_' || timeframes.days || '_days' as timeframe,
    channels.method,
    channels.place,
    channels.kind,
    coalesce(counted.attempts, 0) as attempts,
    coalesce(counted.delivered, 0) as delivered,
    coalesce(
        case when counted.is_opening_tracked then counted.seen_opened else counted.delivered end, 0
    ) as opened,
    coalesce(counted.is_opening_tracked, false) as is_opening_tracked,
    coalesce(counted.responded, 0) as responded,
    coalesce(counted.booked, 0) as booked,
    counted.days_to_reengage,
    coalesce(counted.patient_days, 0) as patient_days,
    coalesce(counted.successful_patient_days, 0) as successful_patient_days
from timeframes
inner join {{ ref('dim_channels') }} as channels
    on channels.organization_id = timeframes.organization_id
left join counted
    on
        counted.organization_id = timeframes.organization_id
        and counted.days = timeframes.days
        and counted.method = channels.method
