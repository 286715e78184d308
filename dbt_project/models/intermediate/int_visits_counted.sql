with visits as (
    select * from {{ ref('int_visits_unioned') }}
),

-- between two of these instants it does not change which of a patient's rows in one class counts
twin_edges as (
    select distinct
        visits.organization_id,
        visits.patient_id,
        visits.twin_class,
        edges.edge_at
    from visits
    cross join
        lateral (
            values (visits.created_at), (visits.cancelled_at), (visits.removed_at)
        ) as edges (edge_at)
    where visits.twin_class is not null and edges.edge_at is not null
),

twin_stretches as (
    select
        *,
        lead(edge_at, 1, 'infinity') over (
            partition by organization_id, patient_id, twin_class order by edge_at
        ) as next_edge_at
    from twin_edges
),

twins_counted as (
    select distinct on (
        visits.organization_id, visits.patient_id, visits.twin_class, stretches.edge_at
    )
        visits.*,
        stretches.edge_at as counts_from,
        stretches.next_edge_at as counts_until
    from twin_stretches as stretches
    inner join visits
        on
            visits.organization_id = stretches.organization_id
            and visits.patient_id = stretches.patient_id
            and visits.twin_class = stretches.twin_class
            and {{ exists_at('visits.created_at', 'visits.removed_at', 'stretches.edge_at') }}
    order by
        visits.organization_id,
        visits.patient_id,
        visits.twin_class,
        stretches.edge_at,
        {{ twin_order('visits', 'stretches.edge_at') }}
),

counted as (
    select
        *,
        created_at as counts_from,
        coalesce(removed_at, 'infinity') as counts_until
    from visits
    where twin_class is null
    union all
    select * from twins_counted
)

select
    organization_id,
    patient_id,
    starts_at,
    created_at,
    cancelled_at,
    did_not_arrive,
    counts_from,
    counts_until
from counted
where counts_from < counts_until
