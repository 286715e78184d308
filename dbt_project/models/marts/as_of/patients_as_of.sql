{{ config(barrier=true) }}

-- materialized, or the planner takes the many patients for the side to be hashed
with outreach as materialized (
    select
        organization_id,
        patient_id,
        {{ outreach_so_far('outcome', 'occurred_at') }}
    from {{ source('app', 'outreach_log') }}
    where occurred_at <= (select {{ as_of() }})
    group by organization_id, patient_id
),

-- logged of records that were merged away; few, so the others need not be asked whose they are
outreach_before_merge as (
    select
        merged.organization_id,
        merged.survivor_patient_id as patient_id,
        {{ outreach_so_far('logged.outcome', 'logged.occurred_at') }}
    from {{ ref('dim_patients') }} as merged
    inner join {{ source('app', 'outreach_log') }} as logged
        on
            logged.organization_id = merged.organization_id
            and logged.patient_id = merged.patient_id
    where merged.is_merged and logged.occurred_at <= (select {{ as_of() }})
    group by merged.organization_id, merged.survivor_patient_id
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
    {{ last_contact(
        'states', 'greatest(outreach.last_success_at, outreach_before_merge.last_success_at)'
    ) }} as last_contact_at,
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
    case
        when coalesce(outreach.attempts, outreach_before_merge.attempts) is not null
            then {{ percent(
                '(coalesce(outreach.successes, 0) + coalesce(outreach_before_merge.successes, 0))',
                '(coalesce(outreach.attempts, 0) + coalesce(outreach_before_merge.attempts, 0))',
            ) }}
    end as response_rate
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
left join outreach_before_merge
    on
        outreach_before_merge.organization_id = states.organization_id
        and outreach_before_merge.patient_id = states.patient_id
where
    states.from_at <= (select {{ as_of() }})
    and states.to_at > (select {{ as_of() }})
