{%- set margin = days_counted() | int -%}
with days as materialized (
    select * from {{ ref('trend_days') }}
),

numbered as (
    select
        *,
        day_then - day_number as day_zero,
        day_number - row_number() over (
            partition by organization_id, time_zone, day_then - day_number order by day_number
        ) as run
    from days
),

runs as (
    select
        organization_id,
        time_zone,
        day_zero,
        min(day_number) as first_day,
        max(day_number) + 1 as end_day
    from numbered
    group by organization_id, time_zone, day_zero, run
)

select
    runs.organization_id,
    runs.first_day,
    runs.end_day,
    runs.first_day - {{ margin + 1 }} as day_before_starts,
    array(
        select {{ day_start('calendar.day', 'runs.time_zone') }}
        from (
            select runs.day_zero + number as day
            from generate_series(runs.first_day - {{ margin }}, runs.end_day - 1) as number
        ) as calendar
    ) as starts,
    array(
        select days.closes_at
        from days
        where days.organization_id = runs.organization_id
        order by days.day_number
    ) as closings
from runs
