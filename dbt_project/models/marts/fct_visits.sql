{{ config(
    materialized='served',
    key=['organization_id', 'visit_kind', 'visit_id'],
    patient_column='patient_id',
    served_indexes=[
        '(organization_id, patient_id) include (starts_at, created_at, cancelled_at, removed_at,'
        ~ ' did_not_arrive, has_class_twin)',
    ],
) }}

with visits as (
    select * from {{ ref('int_visits_unioned') }}
),

with_twins as (
    select
        *,
        visit_kind = 'group' and count(*) over (
            partition by organization_id, patient_id, visit_kind, booking_id
        ) > 1 as has_class_twin
    from visits
)

select * from with_twins
