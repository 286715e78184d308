{{ config(barrier=true) }}

with activity as (
    select
        *,
        booked_count > 0 as is_booked,
        case
            when
                booked_count > 0
                or (recent_days <= {{ var('active_within_days') }} and not is_discharged)
                then 'active'
            when
                recent_days > {{ var('stale_after_days') }}
                or is_discharged
                or (attended_count = 0 and not has_recent_attempt)
                then 'stale'
            else 'dormant'
        end as engagement_status
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
    case
        when engagement_status = 'stale' then null
        when recent_days < {{ var('low_from_days') }} then 'engaged'
        when is_booked or recent_days < {{ var('medium_from_days') }} then 'low'
        when recent_days < {{ var('high_from_days') }} then 'medium'
        when recent_days < {{ var('critical_from_days') }} then 'high'
        else 'critical'
    end as risk_level,
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
