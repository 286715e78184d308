with clock as materialized (
    select
        organization_id,
        array_agg(closes_at order by day_number) as closings
    from {{ ref('trend_days') }}
    group by organization_id
),

-- joined to the clock last: carried through the join to patients, the closings would make it spill
outreach as (
    select
        organization_id,
        patient_id,
        method,
        outcome,
        occurred_at
    from {{ ref('outreach_as_of') }}
    where occurred_at > (select {{ as_of() }} - interval '{{ last_day() | int + 2 }} days')
    {{ fence() }}
)

select
    outreach.organization_id,
    outreach.patient_id,
    outreach.method,
    outreach.outcome = 'success' as is_success,
    width_bucket(outreach.occurred_at, clock.closings) as day_number
from outreach
inner join clock on clock.organization_id = outreach.organization_id
where outreach.occurred_at >= clock.closings[1]
