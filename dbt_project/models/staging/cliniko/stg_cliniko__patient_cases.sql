{{ config(
    unique_key=['organization_id', 'patient_case_id'],
    indexes=[
        {'columns': ['organization_id', 'patient_case_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('patient_cases') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as patient_case_id,
        load_id,
        patient_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        issue_date as issued_on,
        expiry_date as expires_on,
        closed_at,
        archived_at,

        -- numerics
        max_sessions,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
