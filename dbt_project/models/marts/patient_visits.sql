with days as materialized (
    {{ local_day() }}
),

clock as materialized (
    select
        organization_id,
        {{ day_start('today - ' ~ (var('missed_window_days') - 1), 'time_zone') }} as missed_from,
        {{ day_start('today - ' ~ (var('attendance_window_days') - 1), 'time_zone') }}
            as attendance_from,
        {{ day_start('today - ' ~ (var('rebook_window_days') - 1), 'time_zone') }} as rebook_from,
        {{ day_start('today - ' ~ (var('recent_window_days') - 1), 'time_zone') }} as recent_from
    from days
)

-- grouped clinic by clinic, so that each patient's visits come in the order of the index
select
    clock.organization_id,
    visits.*
from clock
cross join lateral (
    select
        patient_id,
        count(*) filter (where is_attended) as attended_count,
        count(*) filter (where is_missed) as missed_count,
        count(*) filter (where is_booked) as booked_count,
        count(*) filter (where is_attended and starts_at >= clock.recent_from)
            as attended_recent_count,
        count(*) filter (where is_attended and starts_at >= clock.attendance_from)
            as attended_90d_count,
        count(*) filter (where is_missed and starts_at >= clock.attendance_from)
            as missed_attendance_count,
        count(*) filter (where is_missed and starts_at >= clock.missed_from)
            as missed_90d_count,
        count(*) filter (where is_missed and starts_at >= clock.rebook_from)
            as missed_14d_count,
        max(starts_at) filter (where is_attended) as last_attended_at,
        max(starts_at) filter (where is_missed) as last_missed_at,
        max(cancelled_at) as last_cancelled_at,
        min(starts_at) filter (where is_booked) as next_booked_at,
        max(created_at) filter (where created_at < starts_at) as last_booking_made_at
    from {{ ref('visits_as_of') }}
    where organization_id = clock.organization_id
    group by patient_id
) as visits
