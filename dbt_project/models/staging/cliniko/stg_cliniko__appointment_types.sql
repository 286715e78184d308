{{ config(
    unique_key=['organization_id', 'appointment_type_id'],
    indexes=[
        {'columns': ['organization_id', 'appointment_type_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
    ],
) }}

with source as (
    {{ latest_versions('appointment_types') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as appointment_type_id,
        load_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        archived_at,

        -- text
        nullif(name, '') as name,
        nullif(category, '') as category,

        -- numerics
        duration_in_minutes,
        max_attendees,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
