{{ config(
    patient_column='patient_id',
    served_indexes=[
        '(organization_id, patient_id, created_at) include (starts_at, cancelled_at, removed_at,'
        ~ ' did_not_arrive, twin_class, twin_rank)',
        '(organization_id, starts_at)',
    ],
) }}

select * from {{ ref('int_visits_unioned') }}
