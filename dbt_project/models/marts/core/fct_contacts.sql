{{ config(
    patient_column='patient_id',
    served_indexes=['(organization_id, patient_id)'],
) }}

with communications as (
    select
        communications.*,
        patients.survivor_patient_id
    from {{ ref('stg_cliniko__communications') }} as communications
    inner join {{ ref('int_patients_resolved') }} as patients
        on
            patients.organization_id = communications.organization_id
            and patients.patient_id = communications.patient_id
    where not communications.is_purged
)

select
    organization_id,
    communication_id,
    survivor_patient_id as patient_id,
    created_at as contacted_at,
    type_code,
    category_code,
    archived_at as removed_at,
    updated_at
from communications
where
    direction_code = {{ var('direction_received') }}
    and category_code is distinct from {{ var('category_memo') }}
