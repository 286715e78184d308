{{ config(
    unique_key=['organization_id', 'invoice_item_id'],
    indexes=[
        {'columns': ['organization_id', 'invoice_item_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'invoice_id']},
    ],
) }}

with source as (
    {{ latest_versions('invoice_items') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as invoice_item_id,
        load_id,
        invoice_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        archived_at,
        deleted_at,

        -- text
        nullif(name, '') as name,
        nullif(code, '') as code,

        -- numerics
        quantity,
        unit_price,
        net_price,
        discounted_amount,
        tax_rate,
        total_including_tax,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
