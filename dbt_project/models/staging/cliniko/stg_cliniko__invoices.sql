{{ config(
    unique_key=['organization_id', 'invoice_id'],
    indexes=[
        {'columns': ['organization_id', 'invoice_id'], 'unique': true},
        {'columns': ['organization_id', 'load_id']},
        {'columns': ['organization_id', 'patient_id']},
    ],
) }}

with source as (
    {{ latest_versions('invoices') }}
),

renamed as (
    select
        -- ids
        organization_id,
        id as invoice_id,
        load_id,
        patient_id,
        practitioner_id,
        business_id,
        attendee_id,
        appointment_id,
        original_invoice_id,

        -- timestamps
        first_at as created_at,
        changed_at as updated_at,
        issue_date as issued_on,
        closed_at,
        archived_at,
        deleted_at,

        -- numerics
        number,
        status,
        net_amount,
        tax_amount,
        total_amount,

        -- booleans
        gone_at is not null as is_purged
    from source
)

select * from renamed
