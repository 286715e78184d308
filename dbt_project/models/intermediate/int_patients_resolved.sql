with affected as (
    select * from {{ ref('int_patients_affected') }}
),

merged as (
    select * from {{ ref('int_patients_merged') }}
),

survivors as (
    select
        affected.organization_id,
        affected.patient_id,
        affected.patient_id as survivor_patient_id
    from affected
    left join merged
        on
            merged.organization_id = affected.organization_id
            and merged.patient_id = affected.patient_id
    where merged.patient_id is null
),

merged_away as (
    select
        merged.organization_id,
        merged.patient_id,
        merged.survivor_patient_id
    from merged
    inner join affected
        on
            affected.organization_id = merged.organization_id
            and affected.patient_id = merged.survivor_patient_id
),

resolved as (
    select * from survivors
    union all
    select * from merged_away
)

-- whoever was purged is forgotten, and so is what was merged into them
select
    resolved.organization_id,
    resolved.patient_id,
    resolved.survivor_patient_id,
    coalesce(records.is_purged, false) or coalesce(survivor_records.is_purged, false)
        as is_forgotten
from resolved
left join {{ ref('stg_cliniko__patients') }} as records
    on
        records.organization_id = resolved.organization_id
        and records.patient_id = resolved.patient_id
left join {{ ref('stg_cliniko__patients') }} as survivor_records
    on
        survivor_records.organization_id = resolved.organization_id
        and survivor_records.patient_id = resolved.survivor_patient_id
