with days as materialized (
    select * from {{ ref('trend_days') }}
),

clock as materialized (
    select
        organization_id,
        array_agg(closes_at order by day_number) as closings
    from days
    group by organization_id
),

success_days as (
    select distinct
        organization_id,
        patient_id,
        day_number
    from {{ ref('trend_outreach') }}
    where is_success
),

-- a day of success is credited with what is booked until the patient's next one
-- each step once: to the planner a year of successes is a handful of rows, and it would ask for
-- them again on each of the days
successes as materialized (
    select
        success_days.*,
        least(
            lead(day_number, 1, {{ last_day() | int + 1 }}) over (
                partition by organization_id, patient_id order by day_number
            ),
            day_number + {{ var('attribution_days') + 1 }}
        ) as end_day
    from success_days
),

booked as materialized (
    select
        visits.*,
        successes.day_number as success_day,
        width_bucket(visits.created_at, clock.closings) as day_number
    from successes
    inner join clock
        on clock.organization_id = successes.organization_id
    inner join {{ ref('fct_visits') }} as visits
        on
            visits.organization_id = successes.organization_id
            and visits.patient_id = successes.patient_id
            and visits.created_at < visits.starts_at
            and visits.created_at >= clock.closings[successes.day_number]
            and visits.created_at < clock.closings[successes.end_day]
),

bookings as materialized (
    select
        booked.*,
        days.asked_at
    from booked
    inner join days
        on
            days.organization_id = booked.organization_id
            and days.day_number = booked.day_number
)

select distinct
    organization_id,
    patient_id,
    success_day,
    day_number,
    not exists (
        select
        from bookings as earlier
        where
            earlier.organization_id = bookings.organization_id
            and earlier.patient_id = bookings.patient_id
            and earlier.success_day = bookings.success_day
            and earlier.day_number < bookings.day_number
            and {{ counts_at('earlier', 'bookings.asked_at') }}
    ) as is_first
from bookings
where {{ counts_at('bookings', 'asked_at') }}
