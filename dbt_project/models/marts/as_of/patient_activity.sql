{{ config(barrier=true) }}
{%- set days = days_counted() | int %}

with local_days as materialized (
    {{ local_day() }}
),

-- the first instants of the last days, oldest first, the last one being today's
day_starts as materialized (
    select
        local_days.*,
        array(
            select {{ day_start('days.day', 'local_days.time_zone') }}
            from (
                select local_days.today - ago as day
                from generate_series({{ days - 1 }}, 0, -1) as ago
            ) as days
        ) as day_starts
    from local_days
),

clock as materialized (
    select
        *,
        day_starts[{{ days + 1 - var('missed_window_days') | int }}] as missed_from,
        day_starts[{{ days + 1 - var('attendance_window_days') | int }}] as attendance_from,
        day_starts[{{ days + 1 - var('rebook_window_days') | int }}] as rebook_from,
        day_starts[{{ days + 1 - var('missed_recently_days') | int }}] as missed_recently_from,
        day_starts[{{ days + 1 - var('stale_attempt_days') | int }}] as attempt_from,
        day_starts[{{ days + 1 - var('attended_window_days') | int }}] as attended_from,
        day_starts[{{ days + 1 - var('recent_window_days') | int }}] as recent_from
    from day_starts
),

activity as (
    select
        patients.*,
        clock.day_starts,
        clock.today,
        clock.time_zone,
        clock.rebook_from,
        clock.attempt_from,
        clock.attended_from,
        {{ visits_since('patients.missed_at', 'clock.missed_from') }} as missed_90d_count,
        {{ visits_since('patients.missed_at', 'clock.missed_recently_from') }}
            as missed_14d_count,
        {{ visits_since('patients.missed_at', 'clock.attendance_from') }}
            as missed_attendance_count,
        {{ visits_since('patients.attended_at', 'clock.attendance_from') }} as attended_90d_count,
        {{ visits_since('patients.attended_at', 'clock.recent_from') }} as attended_recent_count
    -- the many day starts are joined last: carried through the joins they would be most of a row
    from {{ ref('patients_as_of') }} as patients
    inner join clock
        on clock.organization_id = patients.organization_id
)

select
    organization_id,
    patient_id,
    patient_name,
    phone,
    email,
    contact_id,
    contact_number,
    created_at,
    updated_at,
    last_contact_at,
    {{ days }} - width_bucket(last_contact_at, day_starts) as recent_days,
    case
        when last_contact_at >= day_starts[1]
            then {{ days }} - width_bucket(last_contact_at, day_starts)
        else today - (last_contact_at at time zone time_zone)::date
    end as days_since_last_contact,
    last_attended_at,
    next_booked_at,
    attended_count::bigint as attended_count,
    missed_count::bigint as missed_count,
    booked_count::bigint as booked_count,
    missed_90d_count,
    missed_14d_count,
    attended_90d_count + missed_attendance_count as attendance_visits,
    attended_90d_count,
    attended_recent_count,
    coalesce(last_attended_at >= attended_from, false) as has_attended_recently,
    is_discharged,
    coalesce(last_attempt_at >= attempt_from, false) as has_recent_attempt,
    booked_count = 0
    and coalesce(last_attempt_at >= rebook_from, false)
    and coalesce(last_attended_at <= last_attempt_at, true) as is_to_rebook,
    booked_count = 0
    and coalesce(last_cancelled_at >= rebook_from, false)
    and coalesce(last_attended_at <= last_cancelled_at, true) as has_cancelled_not_rebooked,
    lifetime_value,
    response_rate
from activity
