{{ config(
    patient_column='patient_id',
    served_indexes=['(organization_id, patient_id)'],
) }}

with invoices as (
    select
        invoices.*,
        patients.survivor_patient_id
    from {{ ref('stg_cliniko__invoices') }} as invoices
    inner join {{ ref('int_patients_resolved') }} as patients
        on
            patients.organization_id = invoices.organization_id
            and patients.patient_id = invoices.patient_id
    where not invoices.is_purged
)

select
    organization_id,
    invoice_id,
    survivor_patient_id as patient_id,
    original_invoice_id,
    practitioner_id,
    business_id,
    issued_on,
    coalesce(total_amount, 0) as total_amount,
    case
        when original_invoice_id is null then coalesce(total_amount, 0)
        else -abs(coalesce(total_amount, 0))
    end as signed_amount,
    created_at,
    least(archived_at, deleted_at) as removed_at,
    updated_at
from invoices
