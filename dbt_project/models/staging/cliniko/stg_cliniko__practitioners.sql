{{ config(
    unique_key=['organization_id', 'practitioner_id'],
    indexes=[
        {'columns': ['organization_id', 'practitioner_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
    ],
) }}

with source as (
    {{ latest_versions('practitioners') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as practitioner_id,
        load_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,

        -- text
        nullif(display_name, '') as display_name,
        nullif(first_name, '') as first_name,
        nullif(last_name, '') as last_name,
        nullif(designation, '') as designation,

        -- booleans
        active as is_active,
        gone_at is not null as is_purged
    from source
)

select * from renamed
