with visit_facts as (
    select
        visits.organization_id,
        visits.patient_id,
        facts.*
    from {{ ref('int_visits_counted') }} as visits
    cross join
        lateral (
            values
            (
                'booking made',
                visits.counts_from,
                visits.counts_until,
                case when visits.created_at < visits.starts_at then visits.created_at end
            ),
            (
                'booked',
                visits.counts_from,
                least(visits.counts_until, visits.cancelled_at, visits.starts_at),
                visits.starts_at
            ),
            (
                case when visits.did_not_arrive then 'missed' else 'attended' end,
                greatest(visits.counts_from, visits.starts_at),
                least(visits.counts_until, visits.cancelled_at),
                visits.starts_at
            ),
            (
                'cancelled',
                greatest(visits.counts_from, visits.cancelled_at),
                visits.counts_until,
                visits.cancelled_at
            )
        ) as facts (fact, holds_from, holds_until, happened_at)
),

messages as (
    select
        organization_id,
        patient_id,
        'message' as fact,
        contacted_at as holds_from,
        coalesce(removed_at, 'infinity') as holds_until,
        contacted_at as happened_at
    from {{ candidates_of(ref('fct_contacts')) }}
),

case_facts as (
    select
        cases.organization_id,
        cases.patient_id,
        facts.*
    from {{ candidates_of(ref('fct_patient_cases')) }} as cases
    cross join
        lateral (
            values
            (
                'open case',
                cases.created_at,
                least(cases.closed_at, cases.removed_at, 'infinity'),
                cases.created_at
            ),
            (
                'closed case',
                greatest(cases.created_at, cases.closed_at),
                coalesce(cases.removed_at, 'infinity'),
                cases.closed_at
            )
        ) as facts (fact, holds_from, holds_until, happened_at)
),

facts as (
    select
        *,
        0::numeric as amount
    from visit_facts
    union all
    select
        *,
        0 as amount
    from messages
    union all
    select
        *,
        0 as amount
    from case_facts
    union all
    select
        organization_id,
        patient_id,
        'invoice' as fact,
        created_at as holds_from,
        coalesce(removed_at, 'infinity') as holds_until,
        created_at as happened_at,
        signed_amount as amount
    from {{ candidates_of(ref('fct_invoices')) }}
)

select * from facts
where happened_at is not null and holds_from < holds_until
