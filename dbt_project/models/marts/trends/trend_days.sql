{%- set last = last_day() | int -%}
with today as materialized (
    {{ local_day() }}
),

days as (
    select
        today.organization_id,
        numbers.day_number,
        today.today - {{ last }} + numbers.day_number as day,
        case
            when numbers.day_number = {{ last }} then today.as_of
            else
                {{ day_start(
                    'today.today - ' ~ (last - 1) ~ ' + numbers.day_number', 'today.time_zone'
                ) }}
                - interval '1 microsecond'
        end as asked_at
    from today
    cross join generate_series(0, {{ last }}) as numbers (day_number)
),

zoned as (
    select
        *,
        {{ time_zone_at('days.organization_id', 'days.asked_at') }} as time_zone
    from days
)

select
    organization_id,
    day_number,
    day,
    asked_at,
    asked_at + interval '1 microsecond' as closes_at,
    time_zone,
    (asked_at at time zone time_zone)::date as day_then
from zoned
