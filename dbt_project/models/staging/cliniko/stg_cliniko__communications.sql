{{ config(
    unique_key=['organization_id', 'communication_id'],
    indexes=[
        {'columns': ['organization_id', 'communication_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('communications') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as communication_id,
        load_id,
        patient_id,
        booking_id,
        attendee_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        archived_at,

        -- numerics
        type_code,
        category_code,
        direction_code,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
