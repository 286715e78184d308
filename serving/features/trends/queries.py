"""The statement behind the trends route; every number and every judgement is the marts'."""

from typing import LiteralString

from serving.data.framing import framed, instant


def distribution(day: LiteralString) -> LiteralString:
    return f"""
        json_build_object(
            'critical', {day}.critical, 'high', {day}.high, 'medium', {day}.medium,
            'low', {day}.low, 'engaged', {day}.engaged
        )
    """


DAY: LiteralString = f"""
    json_build_object(
        'date', day,
        'new_at_risk', new_at_risk,
        'reengaged_successfully', reengaged_successfully,
        'outreach_attempts', outreach_attempts,
        'appointments_scheduled', appointments_scheduled
    )::jsonb
    || case
        when 'risk_levels' = any(%(metrics)s::text[])
            then jsonb_build_object('risk_distribution', {distribution("days")})
        else '{{}}'
    end
    || case
        when 'success_rates' = any(%(metrics)s::text[]) then jsonb_build_object(
            'contact_success_rate', contact_success_rate,
            'conversion_rate', conversion_rate
        )
        else '{{}}'
    end
    || case
        when 'channel_performance' = any(%(metrics)s::text[])
            then jsonb_build_object('channels', channels.channels)
        else '{{}}'
    end
"""

TRENDS: LiteralString = framed(f"""
    with days as materialized (
        select *, max(day) over () as today
        from marts.reengagement_trends
        where organization_id = %(organization_id)s and period = %(period)s
    ),

    channels as (
        select
            day,
            jsonb_object_agg(
                method, jsonb_build_object('attempts', attempts, 'successes', successes)
            ) as channels
        from marts.channel_daily
        where organization_id = %(organization_id)s and 'channel_performance' = any(%(metrics)s::text[])
        group by day
    )

    select
        (
            select
                json_build_object(
                    'organization_id', asked.organization_id,
                    'period', %(period)s::text,
                    'daily_trends', (
                        select json_agg({DAY} order by day) from days left join channels using (day)
                    ),
                    'channel_performance_trends', (
                        select
                            json_object_agg(
                                method,
                                json_build_object(
                                    'success_rate_trend', success_rate_trend,
                                    'change_pct', change_points
                                )
                                order by place
                            )
                        from marts.channel_trends
                        where organization_id = %(organization_id)s and period = %(period)s
                    ),
                    'risk_distribution_changes', json_build_object(
                        'critical_trend', latest.critical_trend,
                        'high_trend', latest.high_trend,
                        'overall_improvement', latest.is_improvement
                    ),
                    'current_risk_distribution', {distribution("latest")},
                    'last_updated', {instant("asked.data_as_of")}
                )
            from days as latest
            where latest.day = latest.today
        )::text as body,
        '{{}}'::text[] as patient_ids
""")
