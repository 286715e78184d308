{{ config(barrier=true) }}

with activity as (
    select
        *,
        booked_count > 0 as is_booked,
        {{ engagement_status() }} as engagement_status
    from {{ ref('patient_activity') }}
)

select
    organization_id,
    patient_id,
    patient_name,
    phone,
    email,
    created_at,
    updated_at,
    engagement_status,
    {{ risk_level() }} as risk_level,
    recent_days,
    days_since_last_contact,
    last_contact_at,
    last_attended_at,
    next_booked_at,
    attended_count,
    booked_count,
    is_booked,
    missed_90d_count,
    missed_14d_count,
    attendance_visits,
    attended_90d_count,
    coalesce(
        100 * attended_90d_count < {{ var('low_attendance_percent') }} * attendance_visits,
        false
    ) as has_low_attendance,
    has_attended_recently,
    is_discharged,
    is_to_rebook,
    has_cancelled_not_rebooked,
    lifetime_value,
    response_rate
from activity
