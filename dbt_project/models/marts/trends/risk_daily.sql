with spans as materialized (
    select
        *,
        not is_booked
        and first_day >= contact_day + {{ var('high_from_days') }}
        and first_day < risk_end_day as is_at_risk_at_first
    from {{ ref('patient_day_spans') }}
),

-- what changes the number of patients beyond a limit: spans begin there, get there, or end
begun as (
    select
        organization_id,
        first_day as day_number,
        {{ counts_beyond('first_day >= reached') }}
    from spans
    where first_day < risk_end_day
    group by organization_id, first_day
),

grown as (
    select
        organization_id,
        contact_day,
        {{ counts_beyond('first_day < reached and risk_end_day > reached') }}
    from spans
    where first_day < risk_end_day
    group by organization_id, contact_day
),

ended as (
    select
        organization_id,
        risk_end_day as day_number,
        {{ counts_beyond('risk_end_day > reached') }}
    from spans
    where first_day < risk_end_day
    group by organization_id, risk_end_day
),

steps as (
    select
        begun.organization_id,
        begun.day_number,
        beyond.level,
        beyond.patients
    from begun
    cross join lateral ({{ values_beyond() }}) as beyond (level, days, patients)
    union all
    select
        grown.organization_id,
        grown.contact_day + beyond.days as day_number,
        beyond.level,
        beyond.patients
    from grown
    cross join lateral ({{ values_beyond() }}) as beyond (level, days, patients)
    union all
    select
        ended.organization_id,
        ended.day_number,
        beyond.level,
        -beyond.patients as patients
    from ended
    cross join lateral ({{ values_beyond() }}) as beyond (level, days, patients)
),

daily_steps as (
    select
        organization_id,
        day_number,
        sum(patients) filter (where level = 'engaged') as engaged,
        sum(patients) filter (where level = 'low') as low,
        sum(patients) filter (where level = 'medium') as medium,
        sum(patients) filter (where level = 'high') as high,
        sum(patients) filter (where level = 'critical') as critical,
        sum(patients) filter (where level = 'high' and patients > 0) as at_risk_begun
    from steps
    group by organization_id, day_number
),

beyond as (
    select
        days.organization_id,
        days.day_number,
        coalesce(steps.at_risk_begun, 0) as at_risk_begun,
        coalesce(sum(steps.engaged) over so_far, 0) as engaged,
        coalesce(sum(steps.low) over so_far, 0) as low,
        coalesce(sum(steps.medium) over so_far, 0) as medium,
        coalesce(sum(steps.high) over so_far, 0) as high,
        coalesce(sum(steps.critical) over so_far, 0) as critical
    from {{ ref('trend_days') }} as days
    left join daily_steps as steps
        on
            steps.organization_id = days.organization_id
            and steps.day_number = days.day_number
    window so_far as (partition by days.organization_id order by days.day_number)
),

-- a window, since a join of the spans with themselves would be made row by row: among many
-- organizations the planner takes a large clinic's spans for a handful
followed as (
    select
        *,
        lead(first_day) over by_patient as next_first_day,
        lead(is_at_risk_at_first) over by_patient as is_next_at_risk,
        lead(is_contact_of_first_day) over by_patient as is_next_a_contact
    from spans
    window by_patient as (partition by organization_id, patient_id order by first_day)
),

-- spans of patients long away and not booked that end, and what the next one begins with
handed_over as (
    select
        organization_id,
        end_day as day_number,
        count(*) filter (where risk_end_day = end_day and is_next_at_risk) as still_at_risk,
        count(*) filter (where has_attended and is_next_a_contact) as reengaged
    from followed
    where
        next_first_day = end_day
        and end_day <= {{ last_day() }}
        and end_day > contact_day + {{ var('high_from_days') }}
        and not is_booked
    group by organization_id, end_day
)

select
    beyond.organization_id,
    beyond.day_number,
    beyond.critical::bigint as critical,
    (beyond.high - beyond.critical)::bigint as high,
    (beyond.medium - beyond.high)::bigint as medium,
    (beyond.low - beyond.medium)::bigint as low,
    (beyond.engaged - beyond.low)::bigint as engaged,
    (beyond.at_risk_begun - coalesce(handed_over.still_at_risk, 0))::bigint as new_at_risk,
    coalesce(handed_over.reengaged, 0) as reengaged_successfully
from beyond
left join handed_over
    on
        handed_over.organization_id = beyond.organization_id
        and handed_over.day_number = beyond.day_number
