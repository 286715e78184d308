{%- set touching = {
    'stg_cliniko__individual_appointments': (
        'individual_appointment_id', 'fct_visits', 'visit_id', "visit_kind = 'individual'"),
    'stg_cliniko__attendees': ('attendee_id', 'fct_visits', 'visit_id', "visit_kind = 'group'"),
    'stg_cliniko__invoices': ('invoice_id', 'fct_invoices', 'invoice_id', 'true'),
    'stg_cliniko__communications': (
        'communication_id', 'fct_contacts', 'communication_id', 'true'),
    'stg_cliniko__patient_cases': (
        'patient_case_id', 'fct_patient_cases', 'patient_case_id', 'true'),
    'stg_cliniko__treatment_notes': (
        'treatment_note_id', 'fct_treatment_notes', 'treatment_note_id', 'true'),
} -%}
with touched_patients as (
    select
        patients.organization_id,
        patients.patient_id
    from {{ ref('stg_cliniko__patients') }} as patients
    inner join {{ ref('int_loads_touched') }} as loads
        on
            loads.organization_id = patients.organization_id
            and loads.load_id = patients.load_id
    {%- for staging in touching %}
        union
        select
            records.organization_id,
            records.patient_id
        from {{ ref(staging) }} as records
        inner join {{ ref('int_loads_touched') }} as loads
            on
                loads.organization_id = records.organization_id
                and loads.load_id = records.load_id
    {%- endfor %}
    union
    select
        attendees.organization_id,
        attendees.patient_id
    from {{ ref('stg_cliniko__group_appointments') }} as classes
    inner join {{ ref('int_loads_touched') }} as loads
        on
            loads.organization_id = classes.organization_id
            and loads.load_id = classes.load_id
    inner join {{ ref('stg_cliniko__attendees') }} as attendees
        on
            attendees.organization_id = classes.organization_id
            and attendees.booking_id = classes.group_appointment_id
),

-- a full rebuild takes away whatever it did not compute, so it need not know whose that was
published_survivors as (
    select
        patients.organization_id,
        patients.survivor_patient_id as patient_id
    from ({{ published(source('published', 'dim_patients'),
        ['organization_id', 'patient_id', 'survivor_patient_id'],
        'not ' ~ flags.FULL_REFRESH) }}) as patients
    inner join touched_patients
        on
            touched_patients.organization_id = patients.organization_id
            and touched_patients.patient_id = patients.patient_id
    {%- for staging, (key, fact, fact_key, kind) in touching.items() %}
        union
        select
            facts.organization_id,
            facts.patient_id
        from ({{ published(source('published', fact), ['organization_id', fact_key, 'patient_id'],
            kind ~ ' and not ' ~ flags.FULL_REFRESH) }}) as facts
        inner join {{ ref(staging) }} as records
            on
                records.organization_id = facts.organization_id
                and records.{{ key }} = facts.{{ fact_key }}
        inner join {{ ref('int_loads_touched') }} as loads
            on
                loads.organization_id = records.organization_id
                and loads.load_id = records.load_id
    {%- endfor %}
),

current_survivors as (
    select
        touched_patients.organization_id,
        coalesce(merged.survivor_patient_id, touched_patients.patient_id) as patient_id
    from touched_patients
    left join {{ ref('int_patients_merged') }} as merged
        on
            merged.organization_id = touched_patients.organization_id
            and merged.patient_id = touched_patients.patient_id
)

select * from published_survivors
union
select * from current_survivors
where patient_id is not null
union
-- facts may stand under a patient who was never seen before and is merged away at first sight
select * from touched_patients
where patient_id is not null
