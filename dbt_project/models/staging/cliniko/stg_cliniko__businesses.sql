{{ config(
    unique_key=['organization_id', 'business_id'],
    indexes=[
        {'columns': ['organization_id', 'business_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
    ],
) }}

with source as (
    {{ latest_versions('businesses') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as business_id,
        load_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        archived_at,
        deleted_at,

        -- text
        nullif(business_name, '') as business_name,
        nullif(display_name, '') as display_name,
        nullif(country_code, '') as country_code,
        nullif(time_zone_identifier, '') as time_zone_identifier,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
