{{ config(
    unique_key=['organization_id', 'account_id'],
    indexes=[
        {'columns': ['organization_id', 'account_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
    ],
) }}

with source as (
    {{ latest_versions('settings') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as account_id,
        load_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,

        -- text
        nullif(name, '') as name,
        nullif(country_code, '') as country_code,
        nullif(currency_symbol, '') as currency_symbol,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
