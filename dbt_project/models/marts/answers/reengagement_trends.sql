-- each day beside the one that lies a period before it; a year back there is the first day only
with beside as (
    select
        daily.*,
        periods.period,
        periods.days,
        max(daily.day) over by_period as today,
        daily.high + daily.critical as at_risk,
        daily.critical + daily.high + daily.medium + daily.low + daily.engaged as everybody,
        lag(daily.critical, periods.days) over by_day as former_critical,
        lag(daily.high, periods.days) over by_day as former_high,
        lag(daily.high + daily.critical, periods.days) over by_day as former_at_risk,
        lag(
            daily.critical + daily.high + daily.medium + daily.low + daily.engaged, periods.days
        ) over by_day as former_everybody
    from {{ ref('reengagement_daily') }} as daily
    cross join ({{ trend_periods() }}) as periods (period, days)
    window
        by_period as (partition by daily.organization_id, periods.period),
        by_day as (by_period order by daily.day)
)

select
    organization_id,
    period,
    day,
    critical,
    high,
    medium,
    low,
    engaged,
    new_at_risk,
    reengaged_successfully,
    outreach_attempts,
    appointments_scheduled,
    {{ rate('successful_contacts', 'outreach_attempts') }} as contact_success_rate,
    {{ rate('converted_contacts', 'successful_contacts') }} as conversion_rate,
    case when former_everybody is not null then {{ count_trend('critical', 'former_critical') }} end
        as critical_trend,
    case when former_everybody is not null then {{ count_trend('high', 'former_high') }} end
        as high_trend,
    at_risk * former_everybody < former_at_risk * everybody
    or (everybody = 0 and former_at_risk > 0) as is_improvement
from beside
where day > today - days
