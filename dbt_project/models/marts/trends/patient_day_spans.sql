with runs as materialized (
    select * from {{ ref('trend_runs') }}
),

-- joined to the runs last, so that their many instants are carried through no other join
states as (
    select * from {{ ref('trend_states') }}
    {{ fence() }}
),

-- the offset keeps the planner from searching an array again for each use of what was found
spans as (
    select
        states.*,
        greatest(width_bucket(states.from_at, runs.closings), runs.first_day) as first_day,
        least(width_bucket(states.to_at, runs.closings), runs.end_day) as end_day,
        runs.day_before_starts + width_bucket(states.last_contact_at, runs.starts)
            as contact_day,
        case
            when not (states.has_attended or states.is_booked or states.is_discharged)
                then
                    runs.day_before_starts + width_bucket(states.last_attempt_at, runs.starts)
        end as attempt_day,
        runs.closings
    from states
    inner join runs on runs.organization_id = states.organization_id
    {{ fence() }}
)

select
    organization_id,
    patient_id,
    first_day,
    end_day,
    {{ risk_end_day() }} as risk_end_day,
    contact_day,
    coalesce(last_contact_at >= closings[first_day], false) as is_contact_of_first_day,
    has_attended,
    is_booked
from spans
where first_day < end_day
