select
    organization_id,
    patient_id,
    contact_number as id,
    contact_id,
    patient_name as contact_name,
    ltrim(phone, '+') as contact_phone,
    attended_recent_count as recent_appointment_count,
    booked_count as upcoming_appointment_count,
    attended_count + missed_count + booked_count as total_appointment_count,
    last_attended_at as last_appointment_date,
    created_at,
    updated_at
from {{ ref('patient_activity') }}
where attended_recent_count > 0
