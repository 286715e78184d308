with contacts as (
    select * from {{ ref('patient_activity') }}
    where attended_count + missed_count + booked_count > 0
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
