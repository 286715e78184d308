with active as (
    select
        *,
        attended_count + missed_count + booked_count as total_count
    from {{ ref('patient_activity') }}
    where attended_recent_count > 0
)

select
    organization_id,
    patient_id,
    contact_number as id,
    contact_id,
    patient_name as contact_name,
    ltrim(phone, '+') as contact_phone,
    attended_recent_count as recent_appointment_count,
    booked_count as upcoming_appointment_count,
    total_count as total_appointment_count,
    last_attended_at as last_appointment_date,
    {{ recent_appointments('active') }} as recent_appointments,
    created_at,
    updated_at
from active
