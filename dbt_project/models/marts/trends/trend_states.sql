-- the patient's first stretch of time has no success yet
with successes as (
    select distinct
        outreach.organization_id,
        outreach.patient_id,
        instants.success_at
    from {{ ref('outreach_as_of') }} as outreach
    cross join
        lateral (
            values ('-infinity'::timestamptz), (outreach.occurred_at)
        ) as instants (success_at)
    where outreach.outcome = 'success'
),

stretches as (
    select
        *,
        lead(success_at, 1, 'infinity') over (
            partition by organization_id, patient_id order by success_at
        ) as next_success_at
    from successes
)

select
    states.organization_id,
    states.patient_id,
    greatest(states.from_at, stretches.success_at) as from_at,
    least(states.to_at, stretches.next_success_at) as to_at,
    {{ last_contact('states', "nullif(stretches.success_at, '-infinity')") }} as last_contact_at,
    greatest(states.last_missed_at, states.last_cancelled_at) as last_attempt_at,
    states.attended_count > 0 as has_attended,
    states.booked_count > 0 as is_booked,
    states.is_discharged
from {{ ref('fct_patient_states') }} as states
left join stretches
    on
        stretches.organization_id = states.organization_id
        and stretches.patient_id = states.patient_id
        and stretches.success_at < states.to_at
        and stretches.next_success_at > states.from_at
where
    states.from_at <= (select {{ as_of() }})
    and states.to_at > (select {{ as_of() }} - interval '{{ last_day() | int + 2 }} days')
