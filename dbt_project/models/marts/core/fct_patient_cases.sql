{{ config(
    patient_column='patient_id',
    served_indexes=['(organization_id, patient_id)'],
) }}

with cases as (
    select
        cases.*,
        patients.survivor_patient_id
    from {{ ref('stg_cliniko__patient_cases') }} as cases
    inner join {{ ref('int_patients_resolved') }} as patients
        on
            patients.organization_id = cases.organization_id
            and patients.patient_id = cases.patient_id
    where not cases.is_purged
)

select
    organization_id,
    patient_case_id,
    survivor_patient_id as patient_id,
    created_at,
    closed_at,
    archived_at as removed_at,
    updated_at
from cases
