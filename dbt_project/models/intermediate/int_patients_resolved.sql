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
)

select * from survivors
union all
select * from merged_away
