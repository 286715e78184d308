{{ config(
    unique_key=['organization_id', 'individual_appointment_id'],
    indexes=[
        {'columns': ['organization_id', 'individual_appointment_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('individual_appointments') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as individual_appointment_id,
        load_id,
        patient_id,
        practitioner_id,
        appointment_type_id,
        business_id,
        patient_case_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        starts_at,
        ends_at,
        cancelled_at,
        archived_at,
        deleted_at,

        -- numerics
        cancellation_reason,

        -- booleans
        did_not_arrive,
        patient_arrived as has_arrived,
        gone_at is not null as is_purged
    from source
)

select * from renamed
