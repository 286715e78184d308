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
)

select * from individual
union all
select * from in_class
