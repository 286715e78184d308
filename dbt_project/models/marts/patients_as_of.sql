{{ config(barrier=true) }}

with outreach as (
    select
        patients.organization_id,
        patients.survivor_patient_id as patient_id,
        max(outreach.occurred_at) filter (where outreach.outcome = 'success') as last_success_at,
        {{ percent("count(*) filter (where outreach.outcome = 'success')", 'count(*)') }}
            as response_rate
    from {{ source('app', 'outreach_log') }} as outreach
    inner join {{ ref('dim_patients') }} as patients
        on
            patients.organization_id = outreach.organization_id
            and patients.patient_id = outreach.patient_id
    where outreach.occurred_at <= (select {{ as_of() }})
    group by patients.organization_id, patients.survivor_patient_id
)

select
    states.organization_id,
    states.patient_id,
    patients.patient_name,
    patients.phone,
    patients.email,
    patients.contact_id,
    patients.contact_number,
    patients.created_at,
    patients.updated_at,
    case
        when outreach.last_success_at is null then states.last_contact_at
        when states.has_contact then greatest(states.last_contact_at, outreach.last_success_at)
        else outreach.last_success_at
    end as last_contact_at,
    states.last_attended_at,
    states.next_booked_at,
    greatest(states.last_missed_at, states.last_cancelled_at) as last_attempt_at,
    states.last_cancelled_at,
    states.attended_count,
    states.missed_count,
    states.booked_count,
    states.attended_at,
    states.missed_at,
    states.is_discharged,
    states.lifetime_value,
    outreach.response_rate
from {{ ref('fct_patient_states') }} as states
-- who a state is about exists; a left join is not even made when nobody asks for names
left join {{ ref('dim_patients') }} as patients
    on
        patients.organization_id = states.organization_id
        and patients.patient_id = states.patient_id
left join outreach
    on
        outreach.organization_id = states.organization_id
        and outreach.patient_id = states.patient_id
where
    states.from_at <= (select {{ as_of() }})
    and states.to_at > (select {{ as_of() }})
