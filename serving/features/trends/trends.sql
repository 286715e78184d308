with days as materialized (
    select
        *,
        max(day) over () as today
    from marts.reengagement_trends
    where organization_id = %(organization_id)s and period = %(period)s
),

channels as (
    select
        day,
        jsonb_object_agg(method, {DayOfChannel}) as channels
    from marts.channel_daily
    where
        organization_id = %(organization_id)s
        and 'channel_performance' = any(%(metrics)s::text[])
    group by day
),

-- What was not asked for is null here, and left out of the answer: none of it is ever null.
described as (
    select
        days.day,
        days.new_at_risk,
        days.reengaged_successfully,
        days.outreach_attempts,
        days.appointments_scheduled,
        channels.channels,
        case
            when 'risk_levels' = any(%(metrics)s::text[]) then {RiskSummary}
        end as risk_distribution,
        case
            when 'success_rates' = any(%(metrics)s::text[]) then days.contact_success_rate
        end as contact_success_rate,
        case
            when 'success_rates' = any(%(metrics)s::text[]) then days.conversion_rate
        end as conversion_rate
    from days
    left join channels
        on channels.day = days.day
)

select
    latest.*,
    (
        select json_agg(jsonb_strip_nulls({Day}::jsonb) order by day)
        from described
    ) as daily_trends,
    (
        select json_object_agg(method, {ChannelTrend} order by place)
        from marts.channel_trends
        where organization_id = %(organization_id)s and period = %(period)s
    ) as channel_performance_trends,
    '{}'::text[] as patient_ids
from days as latest
where latest.day = latest.today
