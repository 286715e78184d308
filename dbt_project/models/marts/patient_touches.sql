{{ config(barrier=true) }}

with messages as (
    select
        organization_id,
        patient_id,
        max(contacted_at) as last_message_at
    from {{ ref('fct_contacts') }}
    where {{ exists_at('contacted_at', 'removed_at', '(select ' ~ as_of() ~ ')') }}
    group by organization_id, patient_id
),

outreach as (
    select
        patients.organization_id,
        patients.survivor_patient_id as patient_id,
        max(outreach.occurred_at) filter (where outreach.outcome = 'success') as last_success_at
    from {{ source('app', 'outreach_log') }} as outreach
    inner join {{ ref('dim_patients') }} as patients
        on
            patients.organization_id = outreach.organization_id
            and patients.patient_id = outreach.patient_id
    where outreach.occurred_at <= (select {{ as_of() }})
    group by patients.organization_id, patients.survivor_patient_id
),

cases as (
    select
        organization_id,
        patient_id,
        max(closed_at) as last_closed_at
    from {{ ref('fct_patient_cases') }}
    where {{ exists_at('created_at', 'removed_at', '(select ' ~ as_of() ~ ')') }}
    group by organization_id, patient_id
    having bool_and(coalesce(closed_at <= (select {{ as_of() }}), false))
)

select
    patients.organization_id,
    patients.patient_id,
    patients.patient_name,
    patients.phone,
    patients.email,
    patients.created_at,
    patients.updated_at,
    coalesce(
        greatest(
            visits.last_attended_at,
            visits.last_booking_made_at,
            messages.last_message_at,
            outreach.last_success_at
        ),
        patients.created_at
    ) as last_contact_at,
    visits.last_attended_at,
    greatest(visits.last_missed_at, visits.last_cancelled_at) as last_attempt_at,
    visits.last_cancelled_at,
    visits.next_booked_at,
    coalesce(visits.attended_count, 0) as attended_count,
    coalesce(visits.booked_count, 0) as booked_count,
    coalesce(visits.missed_90d_count, 0) as missed_90d_count,
    coalesce(visits.missed_14d_count, 0) as missed_14d_count,
    coalesce(visits.attended_90d_count, 0) as attended_90d_count,
    coalesce(visits.attended_90d_count + visits.missed_attendance_count, 0) as attendance_visits,
    cases.last_closed_at is not null
    and coalesce(visits.last_attended_at <= cases.last_closed_at, true) as is_discharged
from {{ ref('dim_patients') }} as patients
left join {{ ref('patient_visits') }} as visits
    on
        visits.organization_id = patients.organization_id
        and visits.patient_id = patients.patient_id
left join messages
    on
        messages.organization_id = patients.organization_id
        and messages.patient_id = patients.patient_id
left join outreach
    on
        outreach.organization_id = patients.organization_id
        and outreach.patient_id = patients.patient_id
left join cases
    on
        cases.organization_id = patients.organization_id
        and cases.patient_id = patients.patient_id
where
    not patients.is_merged
    and not patients.is_purged
    and {{ exists_at(
        'patients.created_at', 'patients.archived_at', '(select ' ~ as_of() ~ ')'
    ) }}
