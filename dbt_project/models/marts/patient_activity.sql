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
        day_starts[{{ days + 1 - var('rebook_window_days') | int }}] as rebook_from,
        day_starts[{{ days + 1 - var('stale_attempt_days') | int }}] as attempt_from,
        day_starts[{{ days + 1 - var('attended_window_days') | int }}] as attended_from
    from day_starts
)

select
    touches.organization_id,
    touches.patient_id,
    touches.patient_name,
    touches.phone,
    touches.email,
    touches.created_at,
    touches.updated_at,
    touches.last_contact_at,
    {{ days }} - width_bucket(touches.last_contact_at, clock.day_starts) as recent_days,
    case
        when touches.last_contact_at >= clock.day_starts[1]
            then {{ days }} - width_bucket(touches.last_contact_at, clock.day_starts)
        else clock.today - (touches.last_contact_at at time zone clock.time_zone)::date
    end as days_since_last_contact,
    touches.last_attended_at,
    touches.next_booked_at,
    touches.attended_count,
    touches.booked_count,
    touches.missed_90d_count,
    touches.missed_14d_count,
    touches.attendance_visits,
    touches.attended_90d_count,
    coalesce(touches.last_attended_at >= clock.attended_from, false) as has_attended_recently,
    touches.is_discharged,
    coalesce(touches.last_attempt_at >= clock.attempt_from, false) as has_recent_attempt,
    touches.booked_count = 0
    and coalesce(touches.last_attempt_at >= clock.rebook_from, false)
    and coalesce(touches.last_attended_at <= touches.last_attempt_at, true) as is_to_rebook,
    touches.booked_count = 0
    and coalesce(touches.last_cancelled_at >= clock.rebook_from, false)
    and coalesce(touches.last_attended_at <= touches.last_cancelled_at, true)
        as has_cancelled_not_rebooked
-- the many day starts are joined last: carried through the other joins they would be most of a row
from {{ ref('patient_touches') }} as touches
inner join clock
    on clock.organization_id = touches.organization_id
