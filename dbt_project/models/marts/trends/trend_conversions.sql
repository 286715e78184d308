with clock as materialized (
    select
        organization_id,
        array_agg(closes_at order by day_number) as closings
    from {{ ref('trend_days') }}
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
successes as materialized (
    select
        *,
        least(
            lead(day_number, 1, {{ last_day() | int + 1 }}) over (
                partition by organization_id, patient_id order by day_number
            ),
            day_number + {{ var('attribution_days') + 1 }}
        ) as end_day
    from success_days
),

-- looked up patient by patient: to the planner a year of successes is a handful of rows, and a join
-- would be made anew for each of the days
bookings as (
    select
        successes.organization_id,
        successes.patient_id,
        successes.day_number as success_day,
        clock.closings[successes.day_number] as success_day_from,
        found.day_number,
        clock.closings[found.day_number] as day_from,
        clock.closings[found.day_number + 1] - interval '1 microsecond' as asked_at,
        found.created_at,
        found.removed_at,
        found.cancelled_at,
        found.twin_class,
        found.twin_rank
    from successes
    inner join clock on clock.organization_id = successes.organization_id
    cross join
        lateral (
            select
                *,
                width_bucket(created_at, clock.closings) as day_number
            from {{ ref('fct_visits') }}
            where
                organization_id = successes.organization_id
                and patient_id = successes.patient_id
                and created_at < starts_at
                and created_at >= clock.closings[successes.day_number]
                and created_at < clock.closings[successes.end_day]
            {{ fence() }}
        ) as found
)

select distinct
    organization_id,
    patient_id,
    success_day,
    day_number,
    not exists (
        select
        from {{ ref('fct_visits') }} as earlier
        where
            earlier.organization_id = bookings.organization_id
            and earlier.patient_id = bookings.patient_id
            and earlier.created_at < earlier.starts_at
            and earlier.created_at >= bookings.success_day_from
            and earlier.created_at < bookings.day_from
            and {{ counts_at('earlier', 'bookings.asked_at') }}
    ) as is_first
from bookings
where {{ counts_at('bookings', 'bookings.asked_at') }}
