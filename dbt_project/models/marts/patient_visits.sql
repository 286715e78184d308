with days as (
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
),

visits as (
    select
        visits.organization_id,
        visits.patient_id,
        visits.status,
        visits.starts_at,
        visits.created_at,
        visits.cancelled_at,
        clock.missed_from,
        clock.attendance_from,
        clock.rebook_from,
        clock.recent_from
    from {{ ref('visits_as_of') }} as visits
    inner join clock
        on clock.organization_id = visits.organization_id
)

select
    organization_id,
    patient_id,
    count(*) filter (where status = 'attended') as attended_count,
    count(*) filter (where status = 'missed') as missed_count,
    count(*) filter (where status = 'booked') as booked_count,
    count(*) filter (where status = 'attended' and starts_at >= recent_from)
        as attended_recent_count,
    count(*) filter (where status = 'attended' and starts_at >= attendance_from)
        as attended_90d_count,
    count(*) filter (where status = 'missed' and starts_at >= attendance_from)
        as missed_attendance_count,
    count(*) filter (where status = 'missed' and starts_at >= missed_from) as missed_90d_count,
    count(*) filter (where status = 'missed' and starts_at >= rebook_from) as missed_14d_count,
    max(starts_at) filter (where status = 'attended') as last_attended_at,
    max(starts_at) filter (where status = 'missed') as last_missed_at,
    max(cancelled_at) as last_cancelled_at,
    min(starts_at) filter (where status = 'booked') as next_booked_at,
    max(created_at) filter (where created_at < starts_at) as last_booking_made_at
from visits
group by organization_id, patient_id
