with days as materialized (
    {{ local_day() }}
),

dated as (
    select
        outreach.*,
        days.time_zone,
        (outreach.occurred_at at time zone days.time_zone)::date as outreach_on
    from {{ ref('outreach_as_of') }} as outreach
    inner join days
        on days.organization_id = outreach.organization_id
    where outreach.outcome = 'success'
),

-- a success is credited until the day before the patient's next one
successes as (
    select
        *,
        lead(outreach_on) over (
            partition by organization_id, patient_id order by occurred_at, outreach_id
        ) as next_outreach_on
    from dated
),

-- near in time first, because local days cost; ordered, so that it is looked up patient by patient
bookings as (
    select
        successes.*,
        visits.visit_kind,
        visits.visit_id,
        visits.created_at as booked_at,
        (visits.created_at at time zone successes.time_zone)::date as booked_on
    from successes
    cross join
        lateral (
            select
                visit_kind,
                visit_id,
                created_at
            from {{ ref('visits_as_of') }}
            where
                organization_id = successes.organization_id
                and patient_id = successes.patient_id
                and created_at < starts_at
                and created_at >= successes.occurred_at - interval '2 days'
                and created_at
                < successes.occurred_at + interval '{{ var("attribution_days") + 2 }} days'
            order by created_at
        ) as visits
)

select
    organization_id,
    visit_kind,
    visit_id,
    patient_id,
    booked_at,
    booked_on,
    outreach_id,
    method,
    occurred_at as outreach_occurred_at,
    outreach_on,
    row_number() over (
        partition by organization_id, patient_id, outreach_on
        order by booked_at, visit_kind, length(visit_id), visit_id
    ) = 1 as is_first_of_patient_day
from bookings
where
    booked_on between outreach_on and outreach_on + {{ var('attribution_days') }}
    and (next_outreach_on is null or booked_on < next_outreach_on)
