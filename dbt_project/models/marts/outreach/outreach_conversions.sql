with days as materialized (
    {{ local_day() }}
),

-- of several successes on one day only the last is credited: its bookings are the patient-day's
conversions as (
    select
        bookings.*,
        days.time_zone,
        {{ day_start('bookings.outreach_on', 'days.time_zone') }} as outreach_day_at
    from {{ ref('bookings_attributed') }} as bookings
    inner join days
        on days.organization_id = bookings.organization_id
    where bookings.is_first_of_patient_day
),

last_contacts as (
    select
        conversions.*,
        greatest(visits.last_at, messages.last_at, outreach.last_at) as last_contact_at
    from conversions
    cross join
        lateral (
            select
                greatest(
                    max(starts_at) filter (
                        where is_attended and starts_at < conversions.outreach_day_at
                    ),
                    max(created_at) filter (
                        where created_at < least(starts_at, conversions.outreach_day_at)
                    )
                ) as last_at
            from {{ ref('visits_as_of') }}
            where
                organization_id = conversions.organization_id
                and patient_id = conversions.patient_id
        ) as visits
    cross join
        lateral (
            select max(contacted_at) as last_at
            from {{ ref('fct_contacts') }}
            where
                organization_id = conversions.organization_id
                and patient_id = conversions.patient_id
                and contacted_at < conversions.outreach_day_at
                and {{ exists_at('contacted_at', 'removed_at', '(select ' ~ as_of() ~ ')') }}
        ) as messages
    cross join
        lateral (
            select max(occurred_at) as last_at
            from {{ ref('outreach_as_of') }}
            where
                organization_id = conversions.organization_id
                and patient_id = conversions.patient_id
                and outcome = 'success'
                and occurred_at < conversions.outreach_day_at
        ) as outreach
),

attempted as (
    select
        last_contacts.*,
        (attempts.first_at at time zone last_contacts.time_zone)::date as first_attempt_on
    from last_contacts
    cross join
        lateral (
            select min(occurred_at) as first_at
            from {{ ref('outreach_as_of') }}
            where
                organization_id = last_contacts.organization_id
                and patient_id = last_contacts.patient_id
                and occurred_at > coalesce(last_contacts.last_contact_at, '-infinity')
        ) as attempts
)

select
    organization_id,
    outreach_id,
    patient_id,
    outreach_on,
    first_attempt_on,
    booked_on as first_booked_on,
    booked_on - first_attempt_on as days_to_reengage
from attempted
