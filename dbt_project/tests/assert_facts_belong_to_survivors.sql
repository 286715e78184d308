{{ config(tags=['gate'], meta={'dagster': {'ref': {'name': 'dim_patients'}}}) }}

-- a fact of a record that was merged away would count for nobody
{%- set facts = [
    ref('fct_visits'), ref('fct_contacts'), ref('fct_invoices'), ref('fct_patient_cases'),
    ref('fct_treatment_notes'), ref('fct_patient_states'),
] %}

with facts as (
    {%- for fact in facts %}
        select
            organization_id,
            patient_id,
            '{{ fact.identifier }}' as fact
        from {{ candidates_of(fact) }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select distinct
    facts.organization_id,
    facts.patient_id,
    facts.fact
from facts
inner join {{ candidates_of(ref('dim_patients')) }} as patients
    on
        patients.organization_id = facts.organization_id
        and patients.patient_id = facts.patient_id
where patients.survivor_patient_id <> patients.patient_id
