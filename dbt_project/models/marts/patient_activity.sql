{{ config(barrier=true) }}
{%- set days = days_counted() | int %}

with local_days as materialized (
    {{ local_day() }}
),

-- the first instants of the last days, oldest first, the last one being today's
clock as materialized (
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

messages as (
    select
        organization_id,
        patient_id,
        max(contacted_at) as last_message_at
    from {{ ref('fct_contacts') }}
    where {{ exists_at('contacted_at', 'removed_at', '(select ' ~ as_of() ~ ')') }}
    group by organization_id, patient_id
),

outreach as (
    select
        patients.organization_id,
        patients.survivor_patient_id as patient_id,
        max(outreach.occurred_at) filter (where outreach.outcome = 'success') as last_success_at
    from {{ source('app', 'outreach_log') }} as outreach
    inner join {{ ref('dim_patients') }} as patients
        on
            patients.organization_id = outreach.organization_id
            and patients.patient_id = outreach.patient_id
    where outreach.occurred_at <= (select {{ as_of() }})
    group by patients.organization_id, patients.survivor_patient_id
),

cases as (
    select
        organization_id,
        patient_id,
        max(closed_at) as last_closed_at
    from {{ ref('fct_patient_cases') }}
    where {{ exists_at('created_at', 'removed_at', '(select ' ~ as_of() ~ ')') }}
    group by organization_id, patient_id
    having bool_and(coalesce(closed_at <= (select {{ as_of() }}), false))
),

patients as (
    select
        patients.*,
        clock.time_zone,
        clock.today,
        clock.day_starts,
        visits.last_attended_at,
        visits.last_missed_at,
        visits.last_cancelled_at,
        visits.next_booked_at,
        visits.attended_90d_count,
        visits.missed_attendance_count,
        cases.last_closed_at,
        coalesce(visits.attended_count, 0) as attended_count,
        coalesce(visits.booked_count, 0) as booked_count,
        coalesce(visits.missed_90d_count, 0) as missed_90d_count,
        coalesce(visits.missed_14d_count, 0) as missed_14d_count,
        clock.day_starts[{{ days + 1 - var('rebook_window_days') | int }}] as rebook_from,
        clock.day_starts[{{ days + 1 - var('stale_attempt_days') | int }}] as attempt_from,
        clock.day_starts[{{ days + 1 - var('attended_window_days') | int }}] as attended_from,
        coalesce(
            greatest(
                visits.last_attended_at,
                visits.last_booking_made_at,
                messages.last_message_at,
                outreach.last_success_at
            ),
            patients.created_at
        ) as last_contact_at
    from {{ ref('dim_patients') }} as patients
    inner join clock
        on clock.organization_id = patients.organization_id
    left join {{ ref('patient_visits') }} as visits
        on
            visits.organization_id = patients.organization_id
            and visits.patient_id = patients.patient_id
    left join messages
        on
            messages.organization_id = patients.organization_id
            and messages.patient_id = patients.patient_id
    left join outreach
        on
            outreach.organization_id = patients.organization_id
            and outreach.patient_id = patients.patient_id
    left join cases
        on
            cases.organization_id = patients.organization_id
            and cases.patient_id = patients.patient_id
    where
        not patients.is_merged
        and not patients.is_purged
        and {{ exists_at('patients.created_at', 'patients.archived_at', 'clock.as_of') }}
)

select
    organization_id,
    patient_id,
    patient_name,
    phone,
    email,
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
    attended_count,
    booked_count,
    missed_90d_count,
    missed_14d_count,
    attended_90d_count + missed_attendance_count as attendance_visits,
    attended_90d_count,
    coalesce(last_attended_at >= attended_from, false) as has_attended_recently,
    last_closed_at is not null and coalesce(last_attended_at <= last_closed_at, true)
        as is_discharged,
    coalesce(greatest(last_missed_at, last_cancelled_at) >= attempt_from, false)
        as has_recent_attempt,
    booked_count = 0
    and coalesce(greatest(last_missed_at, last_cancelled_at) >= rebook_from, false)
    and coalesce(last_attended_at <= greatest(last_missed_at, last_cancelled_at), true)
        as is_to_rebook,
    booked_count = 0
    and coalesce(last_cancelled_at >= rebook_from, false)
    and coalesce(last_attended_at <= last_cancelled_at, true)
        as has_cancelled_not_rebooked
from patients
