with patients as (
    select * from {{ ref('int_patients_resolved') }}
),

individual as (
    select
        appointments.organization_id,
        'individual' as visit_kind,
        appointments.individual_appointment_id as visit_id,
        appointments.individual_appointment_id as booking_id,
        patients.survivor_patient_id as patient_id,
        appointments.starts_at,
        appointments.ends_at,
        appointments.created_at,
        appointments.cancelled_at,
        least(appointments.archived_at, appointments.deleted_at) as removed_at,
        coalesce(appointments.did_not_arrive, false) as did_not_arrive,
        appointments.appointment_type_id,
        appointments.practitioner_id,
        appointments.business_id,
        appointments.patient_case_id,
        appointments.updated_at
    from {{ ref('stg_cliniko__individual_appointments') }} as appointments
    inner join patients
        on
            patients.organization_id = appointments.organization_id
            and patients.patient_id = appointments.patient_id
    where not appointments.is_purged and appointments.starts_at is not null
),

in_class as (
    select
        attendees.organization_id,
        'group' as visit_kind,
        attendees.attendee_id as visit_id,
        attendees.booking_id,
        patients.survivor_patient_id as patient_id,
        classes.starts_at,
        classes.ends_at,
        attendees.created_at,
        attendees.cancelled_at,
        least(
            attendees.archived_at, attendees.deleted_at, classes.archived_at, classes.deleted_at
        ) as removed_at,
        false as did_not_arrive,
        classes.appointment_type_id,
        classes.practitioner_id,
        classes.business_id,
        attendees.patient_case_id,
        greatest(attendees.updated_at, classes.updated_at) as updated_at
    from {{ ref('stg_cliniko__attendees') }} as attendees
    inner join {{ ref('stg_cliniko__group_appointments') }} as classes
        on
            classes.organization_id = attendees.organization_id
            and classes.group_appointment_id = attendees.booking_id
    inner join patients
        on
            patients.organization_id = attendees.organization_id
            and patients.patient_id = attendees.patient_id
    where
        not attendees.is_purged
        and not classes.is_purged
        and classes.starts_at is not null
),

visits as (
    select * from individual
    union all
    select * from in_class
),

seats as (
    select
        *,
        visit_kind = 'group' and count(*) over booking > 1 as has_class_twin,
        row_number() over (booking order by created_at, length(visit_id), visit_id) as place,
        dense_rank() over (
            partition by organization_id, patient_id order by visit_kind, booking_id
        ) as class_number
    from visits
    window booking as (partition by organization_id, patient_id, visit_kind, booking_id)
)

select
    organization_id,
    visit_kind,
    visit_id,
    booking_id,
    patient_id,
    starts_at,
    ends_at,
    created_at,
    cancelled_at,
    removed_at,
    did_not_arrive,
    appointment_type_id,
    practitioner_id,
    business_id,
    patient_case_id,
    updated_at,
    has_class_twin,
    case when has_class_twin then class_number::integer end as twin_class,
    case when has_class_twin then place::integer end as twin_rank
from seats
