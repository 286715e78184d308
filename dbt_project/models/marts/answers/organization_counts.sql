{#- Written on tables alone: a view that runs as whoever asks would ask with the operator's rights,
    which reach no patient, even from within this one. -#}
{{ config(schema='operations', barrier=true, reader='routiq_operator') }}

with days as materialized (
    {{ local_day() }}
),

clock as materialized (
    select
        organization_id,
        as_of,
        {{ day_start('today - ' ~ (var('recent_window_days') - 1), 'time_zone') }} as recent_from
    from days
),

contacts as (
    select
        organization_id,
        count(*) as total_contacts
    from {{ ref('dim_patients') }}
    where not is_merged and created_at <= (select {{ as_of() }})
    group by organization_id
),

-- a seat beside another of the same patient's in one class changes how often they came, not whether
attended as (
    select distinct
        visits.organization_id,
        visits.patient_id
    from {{ ref('fct_visits') }} as visits
    inner join clock
        on clock.organization_id = visits.organization_id
    where
        visits.starts_at >= clock.recent_from
        and {{ is_attended_at('visits', 'clock.as_of') }}
        and {{ exists_at('visits.created_at', 'visits.removed_at', 'clock.as_of') }}
),

active as (
    select
        patients.organization_id,
        count(*) as total_active_patients
    from attended
    inner join {{ ref('dim_patients') }} as patients
        on
            patients.organization_id = attended.organization_id
            and patients.patient_id = attended.patient_id
    where
        not patients.is_merged
        and not patients.is_purged
        and {{ exists_at(
            'patients.created_at', 'patients.archived_at', '(select ' ~ as_of() ~ ')'
        ) }}
    group by patients.organization_id
)

select
    clock.organization_id,
    coalesce(contacts.total_contacts, 0) as total_contacts,
    coalesce(active.total_active_patients, 0) as total_active_patients
from clock
left join contacts on contacts.organization_id = clock.organization_id
left join active on active.organization_id = clock.organization_id
