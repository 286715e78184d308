with local_days as materialized (
    {{ local_day() }}
),

periods as materialized (
    select
        local_days.organization_id,
        periods.period,
        {{ day_start('local_days.today - (2 * periods.days - 1)', 'local_days.time_zone') }}
            as former_from,
        {{ day_start('local_days.today - (periods.days - 1)', 'local_days.time_zone') }}
            as period_from
    from local_days
    cross join ({{ trend_periods() }}) as periods (period, days)
),

counted as (
    select
        periods.organization_id,
        periods.period,
        outreach.method,
        count(*) filter (where outreach.occurred_at >= periods.period_from) as attempts,
        count(*) filter (
            where outreach.occurred_at >= periods.period_from and outreach.outcome = 'success'
        ) as successes,
        count(*) filter (where outreach.occurred_at < periods.period_from) as former_attempts,
        count(*) filter (
            where outreach.occurred_at < periods.period_from and outreach.outcome = 'success'
        ) as former_successes
    from periods
    inner join {{ ref('outreach_as_of') }} as outreach
        on
            outreach.organization_id = periods.organization_id
            and outreach.occurred_at >= periods.former_from
    group by periods.organization_id, periods.period, outreach.method
),

compared as (
    select
        periods.organization_id,
        periods.period,
        channels.method,
        channels.place,
        coalesce(counted.attempts, 0) as attempts,
        coalesce(counted.successes, 0) as successes,
        coalesce(counted.former_attempts, 0) as former_attempts,
        coalesce(counted.former_successes, 0) as former_successes,
        -- both rates over one denominator, so that a change of exactly the limit is exact
        coalesce(
            100.0
            * (
                counted.successes * counted.former_attempts
                - counted.former_successes * counted.attempts
            )
            / nullif(counted.attempts * counted.former_attempts, 0),
            0
        ) as points
    from periods
    inner join {{ ref('dim_channels') }} as channels
        on channels.organization_id = periods.organization_id
    left join counted
        on
            counted.organization_id = periods.organization_id
            and counted.period = periods.period
            and counted.method = channels.method
)

select
    organization_id,
    period,
    method,
    place,
    attempts,
    successes,
    former_attempts,
    former_successes,
    round(points, 1) as change_points,
    case
        when points > {{ var('trend_rate_points') }} then 'improving'
        when points < -{{ var('trend_rate_points') }} then 'declining'
        else 'stable'
    end as success_rate_trend
from compared
