{{ config(
    key=['organization_id', 'visit_kind', 'visit_id'],
    patient_column='patient_id',
    served_indexes=[
        '(organization_id, patient_id, created_at) include (starts_at, cancelled_at, removed_at,'
        ~ ' did_not_arrive, twin_class, twin_rank)',
        '(organization_id, starts_at)',
    ],
) }}

with visits as (
    select * from {{ ref('int_visits_unioned') }}
),

seats as (
    select
        *,
        visit_kind = 'group' and count(*) over booking > 1 as has_class_twin,
        row_number() over (booking order by created_at, length(visit_id), visit_id) as place,
        dense_rank() over (
            partition by organization_id, patient_id order by visit_kind, booking_id
        ) as class_number
    from visits
    window booking as (partition by organization_id, patient_id, visit_kind, booking_id)
)

select
    organization_id,
    visit_kind,
    visit_id,
    booking_id,
    patient_id,
    starts_at,
    ends_at,
    created_at,
    cancelled_at,
    removed_at,
    did_not_arrive,
    appointment_type_id,
    practitioner_id,
    business_id,
    patient_case_id,
    updated_at,
    has_class_twin,
    case when has_class_twin then class_number::integer end as twin_class,
    case when has_class_twin then place::integer end as twin_rank
from seats
