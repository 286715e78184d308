select
    organization_id,
    contact_id,
    patient_name as name,
    ltrim(phone, '+') as phone,
    email,
    patient_id as cliniko_patient_id,
    attended_recent_count as recent_appointment_count,
    booked_count as upcoming_appointment_count,
    last_attended_at as last_appointment_date
from {{ ref('patient_activity') }}
where attended_count + missed_count + booked_count > 0
