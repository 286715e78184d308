with contacts as (
    select
        patients.*,
        visits.attended_count,
        visits.missed_count,
        visits.booked_count,
        visits.attended_recent_count,
        visits.last_attended_at
    from {{ ref('patient_visits') }} as visits
    inner join {{ ref('dim_patients') }} as patients
        on
            patients.organization_id = visits.organization_id
            and patients.patient_id = visits.patient_id
    where
        visits.attended_count + visits.missed_count + visits.booked_count > 0
        and not patients.is_merged
        and not patients.is_purged
        and {{ exists_at(
            'patients.created_at', 'patients.archived_at', '(select ' ~ as_of() ~ ')'
        ) }}
)

select
    contacts.organization_id,
    contacts.contact_id,
    contacts.patient_name as name,
    ltrim(contacts.phone, '+') as phone,
    contacts.email,
    contacts.patient_id as cliniko_patient_id,
    contacts.attended_recent_count as recent_appointment_count,
    contacts.booked_count as upcoming_appointment_count,
    contacts.last_attended_at as last_appointment_date,
    coalesce(active.recent_appointments, '[]'::jsonb) as recent_appointments
from contacts
left join {{ ref('active_patients') }} as active
    on
        active.organization_id = contacts.organization_id
        and active.patient_id = contacts.patient_id
