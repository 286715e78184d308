{{ config(
    unique_key=['organization_id', 'patient_id'],
    indexes=[
        {'columns': ['organization_id', 'patient_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'merged_with_patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('patients') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as patient_id,
        load_id,
        merged_with_patient_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        archived_at,
        deleted_at,
        merged_at,

        -- text
        nullif(trim(first_name), '') as first_name,
        nullif(trim(last_name), '') as last_name,
        nullif(trim(email), '') as email,

        -- json
        patient_phone_numbers,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
