"""The statement behind the trends route. Days are the mart's; what compares two periods is computed here."""

from typing import LiteralString

from serving.data.framing import framed, instant

# What counts as a change (metric catalogue, section 6): points of a rate, percent of a count.
RATE_POINTS: LiteralString = "5"
COUNT_PERCENT: LiteralString = "5"


def rate(part: LiteralString, whole: LiteralString) -> LiteralString:
    """SQL: percent with one decimal, 0.0 of nothing."""
    return f"coalesce(round(100.0 * {part} / nullif({whole}, 0), 1), 0.0)"


def count_trend(level: LiteralString) -> LiteralString:
    """SQL: where a level's count has gone since the day before the period."""
    return f"""
        case
            when 100 * latest.{level} > (100 + {COUNT_PERCENT}) * former.{level} then 'increasing'
            when 100 * latest.{level} < (100 - {COUNT_PERCENT}) * former.{level} then 'decreasing'
            else 'stable'
        end
    """


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
            then jsonb_build_object('risk_distribution', {distribution("period")})
        else '{{}}'
    end
    || case
        when 'success_rates' = any(%(metrics)s::text[]) then jsonb_build_object(
            'contact_success_rate', {rate("successful_contacts", "outreach_attempts")},
            'conversion_rate', {rate("converted_contacts", "successful_contacts")}
        )
        else '{{}}'
    end
    || case
        when 'channel_performance' = any(%(metrics)s::text[]) then jsonb_build_object(
            'channels', jsonb_build_object(
                'sms', jsonb_build_object('attempts', sms_attempts, 'successes', sms_successes),
                'email', jsonb_build_object('attempts', email_attempts, 'successes', email_successes),
                'phone', jsonb_build_object('attempts', phone_attempts, 'successes', phone_successes)
            )
        )
        else '{{}}'
    end
"""

TRENDS: LiteralString = framed(f"""
    with daily as materialized (
        select *, max(day) over () as today
        from marts.reengagement_daily
        where organization_id = %(organization_id)s
    ),

    period as (
        select * from daily where day > today - %(days)s::integer
    ),

    latest as (
        select *, high + critical as at_risk, critical + high + medium + low + engaged as everybody
        from daily
        where day = today
    ),

    former as (
        select *, high + critical as at_risk, critical + high + medium + low + engaged as everybody
        from daily
        where day = today - %(days)s::integer
    ),

    -- the day before the period, and so many before it, lie farther back than the mart
    before as (
        select
            outreach.method,
            count(*) as attempts,
            count(*) filter (where outreach.outcome = 'success') as successes
        from app.outreach_log as outreach
        inner join marts.dim_patients as patients
            on
                patients.organization_id = outreach.organization_id
                and patients.patient_id = outreach.patient_id
        cross join latest
        where
            outreach.organization_id = %(organization_id)s
            and outreach.occurred_at > asked.as_of - (2 * %(days)s::integer + 2) * interval '1 day'
            and outreach.occurred_at <= asked.as_of
            and (outreach.occurred_at at time zone asked.time_zone)::date
            between latest.today - 2 * %(days)s::integer + 1 and latest.today - %(days)s::integer
        group by outreach.method
    ),

    channels as (
        select
            now.method,
            now.place,
            now.attempts,
            now.successes,
            coalesce(before.attempts, 0) as attempts_before,
            coalesce(before.successes, 0) as successes_before
        from (
            select 1 as place, 'sms' as method, sum(sms_attempts) as attempts, sum(sms_successes) as successes
            from period
            union all
            select 2, 'email', sum(email_attempts), sum(email_successes) from period
            union all
            select 3, 'phone', sum(phone_attempts), sum(phone_successes) from period
        ) as now
        left join before on before.method = now.method
    ),

    changes as (
        select
            method,
            place,
            -- both rates over one denominator, so that a change of exactly the limit is exact
            coalesce(
                100.0 * (successes * attempts_before - successes_before * attempts)
                / nullif(attempts * attempts_before, 0),
                0
            ) as points
        from channels
    )

    select
        (
            select
                json_build_object(
                    'organization_id', asked.organization_id,
                    'period', %(period)s::text,
                    'daily_trends', (select json_agg({DAY} order by day) from period),
                    'channel_performance_trends', (
                        select
                            json_object_agg(
                                method,
                                json_build_object(
                                    'success_rate_trend', case
                                        when points > {RATE_POINTS} then 'improving'
                                        when points < -{RATE_POINTS} then 'declining'
                                        else 'stable'
                                    end,
                                    'change_pct', round(points, 1)
                                )
                                order by place
                            )
                        from changes
                    ),
                    'risk_distribution_changes', json_build_object(
                        'critical_trend', {count_trend("critical")},
                        'high_trend', {count_trend("high")},
                        'overall_improvement',
                        latest.at_risk * former.everybody < former.at_risk * latest.everybody
                        or (latest.everybody = 0 and former.at_risk > 0)
                    ),
                    'current_risk_distribution', {distribution("latest")},
                    'last_updated', {instant("asked.data_as_of")}
                )
            from latest
            cross join former
        )::text as body,
        '{{}}'::text[] as patient_ids
""")
