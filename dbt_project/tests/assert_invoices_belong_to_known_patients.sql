{{ config(meta={'dagster': {'ref': {'name': 'fct_invoices'}}}) }}

-- No gate: the patient may wait in quarantine, and the rest of the clinic goes on meanwhile.
select
    invoices.organization_id,
    invoices.invoice_id
from {{ candidates_of(ref('fct_invoices')) }} as invoices
where not exists (
    select
    from {{ candidates_of(ref('dim_patients')) }} as patients
    where
        patients.organization_id = invoices.organization_id
        and patients.patient_id = invoices.patient_id
)
