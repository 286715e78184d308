{{ config(
    patient_column='patient_id',
    served_indexes=['(organization_id, to_at, from_at)'],
    laid_down_by=['organization_id', 'to_at', 'from_at'],
) }}
{#- An instant before days are believable has no window before it: it must not
    stop the build of all others, a check finds it. -#}
{%- set window_from = "greatest(breakpoints.from_at, '" ~ var('earliest_believable') ~ "')"
    ~ " - interval '" ~ state_window_days() ~ " days'" %}

-- numbered: two ids, mostly alike, are far more work to sort and compare than one number
with patients as (
    select
        organization_id,
        patient_id,
        created_at,
        coalesce(archived_at, 'infinity') as lives_until,
        row_number() over () as number
    from {{ candidates_of(ref('dim_patients')) }}
    where
        not is_merged
        and not is_purged
        and (archived_at is null or archived_at > created_at)
),

facts as (
    select
        patients.number,
        patients.created_at,
        patients.lives_until,
        facts.fact,
        facts.holds_from,
        facts.holds_until,
        facts.happened_at,
        facts.amount
    from {{ ref('int_patient_facts') }} as facts
    inner join patients
        on
            patients.organization_id = facts.organization_id
            and patients.patient_id = facts.patient_id
),

breakpoints as (
    select
        number,
        created_at as from_at
    from patients
    union
    select
        number,
        holds_from as from_at
    from facts
    where holds_from > created_at and holds_from < lives_until
    union
    select
        number,
        holds_until as from_at
    from facts
    where holds_until > created_at and holds_until < lives_until
),

states as (
    select
        breakpoints.number,
        breakpoints.from_at,
        max(facts.happened_at)
        filter (where facts.fact in ('attended', 'booking made', 'message')) as last_touch_at,
        max(facts.happened_at) filter (where facts.fact = 'attended') as last_attended_at,
        min(facts.happened_at) filter (where facts.fact = 'booked') as next_booked_at,
        max(facts.happened_at) filter (where facts.fact = 'missed') as last_missed_at,
        max(facts.happened_at) filter (where facts.fact = 'cancelled') as last_cancelled_at,
        count(*) filter (where facts.fact = 'attended')::integer as attended_count,
        count(*) filter (where facts.fact = 'missed')::integer as missed_count,
        count(*) filter (where facts.fact = 'booked')::integer as booked_count,
        array_agg(facts.happened_at order by facts.happened_at) filter (
            where
            facts.fact = 'attended'
            and facts.happened_at >= {{ window_from }}
        ) as attended_at,
        array_agg(facts.happened_at order by facts.happened_at) filter (
            where
            facts.fact = 'missed'
            and facts.happened_at >= {{ window_from }}
        ) as missed_at,
        count(*) filter (where facts.fact = 'open case') as open_cases,
        max(facts.happened_at) filter (where facts.fact = 'closed case') as last_closed_at,
        sum(facts.amount) as lifetime_value
    from breakpoints
    left join facts
        on
            facts.number = breakpoints.number
            and facts.holds_from <= breakpoints.from_at
            and facts.holds_until > breakpoints.from_at
    group by breakpoints.number, breakpoints.from_at
),

spans as (
    select
        patients.organization_id,
        patients.patient_id,
        patients.created_at,
        states.*,
        lead(states.from_at, 1, patients.lives_until) over (
            partition by states.number order by states.from_at
        ) as to_at
    from states
    inner join patients
        on patients.number = states.number
)

select
    organization_id,
    patient_id,
    from_at,
    to_at,
    coalesce(last_touch_at, created_at) as last_contact_at,
    last_touch_at is not null as has_contact,
    last_attended_at,
    next_booked_at,
    last_missed_at,
    last_cancelled_at,
    attended_count,
    missed_count,
    booked_count,
    coalesce(attended_at, '{}') as attended_at,
    coalesce(missed_at, '{}') as missed_at,
    open_cases = 0
    and last_closed_at is not null
    and coalesce(last_attended_at <= last_closed_at, true) as is_discharged,
    coalesce(lifetime_value, 0) as lifetime_value
from spans
