select
    organization_id,
    contact_id,
    patient_name as name,
    ltrim(phone, '+') as phone,
    email,
    patient_id as cliniko_patient_id,
    attended_recent_count as recent_appointment_count,
    booked_count as upcoming_appointment_count,
    last_attended_at as last_appointment_date,
    case
        when attended_recent_count > 0 then {{ recent_appointments('contacts') }}
        else '[]'::jsonb
    end as recent_appointments
from {{ ref('patient_activity') }} as contacts
where attended_count + missed_count + booked_count > 0
