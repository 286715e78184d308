{{ config(tags=['gate'], meta={'dagster': {'ref': {'name': 'fct_visits'}}}) }}

-- what a new load shows of visits: asked of staging alone, so that no join on the way can hide it
with shown as (
    select
        appointments.organization_id,
        'individual' as visit_kind,
        appointments.individual_appointment_id as visit_id
    from {{ ref('stg_cliniko__individual_appointments') }} as appointments
    inner join {{ ref('int_loads_touched') }} as loads
        on
            loads.organization_id = appointments.organization_id
            and loads.load_id = appointments.load_id
    where
        not appointments.is_purged
        and appointments.starts_at is not null
        and appointments.patient_id is not null
    union all
    select
        attendees.organization_id,
        'group' as visit_kind,
        attendees.attendee_id as visit_id
    from {{ ref('stg_cliniko__attendees') }} as attendees
    inner join {{ ref('int_loads_touched') }} as loads
        on
            loads.organization_id = attendees.organization_id
            and loads.load_id = attendees.load_id
    inner join {{ ref('stg_cliniko__group_appointments') }} as classes
        on
            classes.organization_id = attendees.organization_id
            and classes.group_appointment_id = attendees.booking_id
    where
        not attendees.is_purged
        and not classes.is_purged
        and classes.starts_at is not null
        and attendees.patient_id is not null
)

select shown.*
from shown
where not exists (
    select
    from {{ candidates_of(ref('fct_visits')) }} as visits
    where
        visits.organization_id = shown.organization_id
        and visits.visit_kind = shown.visit_kind
        and visits.visit_id = shown.visit_id
)
