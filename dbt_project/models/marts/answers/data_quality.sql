{#- A plain view: only the owner reads it, since nothing of it is isolated by tenant. -#}
{{ config(schema='operations', materialized='view', access='protected') }}
{%- set of_patients = [
    'individual_appointments', 'attendees', 'invoices', 'communications', 'patient_cases',
    'treatment_notes',
] %}

with of_nobody as (
    {%- for feed in of_patients %}
        select
            organization_id,
            '{{ feed }} of no patient we know, counted for nobody' as finding,
            '' as remedy,
            {{ feed[:-1] }}_id as record_id
        from {{ ref('stg_cliniko__' ~ feed) }} as records
        where
            not is_purged
            and not exists (
                select
                from {{ ref('stg_cliniko__patients') }} as patients
                where
                    patients.organization_id = records.organization_id
                    and patients.patient_id = records.patient_id
            )
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

merged_in_a_circle as (
    select
        patients.organization_id,
        'patients merged in a circle, the smallest id stands for all of it' as finding,
        'undo one of these merges in Cliniko' as remedy,
        patients.patient_id as record_id
    from {{ ref('stg_cliniko__patients') }} as patients
    inner join {{ ref('dim_patients') }} as known
        on
            known.organization_id = patients.organization_id
            and known.patient_id = patients.patient_id
    where
        patients.merged_with_patient_id is not null
        and known.survivor_patient_id = patients.patient_id
),

merged_into_nobody as (
    select
        organization_id,
        'patients merged into nobody we know, shown nowhere' as finding,
        'ask Cliniko whom they became' as remedy,
        patient_id as record_id
    from {{ ref('dim_patients') }} as merged
    where
        is_merged
        and not exists (
            select
            from {{ ref('dim_patients') }} as survivors
            where
                survivors.organization_id = merged.organization_id
                and survivors.patient_id = merged.survivor_patient_id
                and not survivors.is_merged
        )
),

in_no_zone as (
    select
        organization_id,
        'businesses in a time zone nobody knows' as finding,
        'set their time zone in Cliniko' as remedy,
        business_id as record_id
    from {{ ref('stg_cliniko__businesses') }}
    where
        not is_purged
        and time_zone_identifier not in (select name from pg_timezone_names)
),

without_a_start as (
    select
        organization_id,
        'appointments without a start, counted nowhere' as finding,
        '' as remedy,
        individual_appointment_id as record_id
    from {{ ref('stg_cliniko__individual_appointments') }}
    where not is_purged and starts_at is null
),

of_no_booking as (
    select
        organization_id,
        'attendees of a booking we do not know, counted nowhere' as finding,
        '' as remedy,
        attendee_id as record_id
    from {{ ref('stg_cliniko__attendees') }} as attendees
    where
        not is_purged
        and not exists (
            select
            from {{ ref('stg_cliniko__group_appointments') }} as classes
            where
                classes.organization_id = attendees.organization_id
                and classes.group_appointment_id = attendees.booking_id
        )
        and not exists (
            select
            from {{ ref('stg_cliniko__individual_appointments') }} as appointments
            where
                appointments.organization_id = attendees.organization_id
                and appointments.individual_appointment_id = attendees.booking_id
        )
),

found as (
    select * from of_nobody
    union all
    select * from merged_in_a_circle
    union all
    select * from merged_into_nobody
    union all
    select * from in_no_zone
    union all
    select * from without_a_start
    union all
    select * from of_no_booking
)

-- digits of equal length order as integers do
select
    organization_id,
    finding,
    remedy,
    count(*) as records,
    (array_agg(record_id order by length(record_id), record_id))[
        1:{{ var('examples_at_most') }}
    ] as example_ids
from found
group by organization_id, finding, remedy
