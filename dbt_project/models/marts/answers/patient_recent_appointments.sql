with local_days as materialized (
    {{ local_day() }}
),

windows as materialized (
    select
        organization_id,
        {{ day_start('today - ' ~ (var('recent_window_days') | int - 1), 'time_zone') }}
            as recent_from
    from local_days
),

-- of all patients at once: one by one costs a list of them twice as much
recent as (
    select
        visits.*,
        row_number() over (
            partition by visits.organization_id, visits.patient_id
            order by visits.starts_at desc, length(visits.visit_id), visits.visit_id
        ) as place
    from {{ ref('visits_as_of') }} as visits
    inner join windows
        on
            windows.organization_id = visits.organization_id
            and windows.recent_from <= visits.starts_at
    where
        visits.is_attended
        -- of the one organization that a caller sees, the same again: so an index leads to them
        and visits.starts_at >= (select min(earliest.recent_from) from windows as earliest)
)

select
    recent.organization_id,
    recent.patient_id,
    jsonb_agg(
        jsonb_build_object(
            'id', recent.visit_id,
            'date', to_char(recent.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'type', types.appointment_type_name,
            'practitioner', practitioners.practitioner_name,
            'status', recent.status
        )
        order by recent.place
    ) as recent_appointments
from recent
left join {{ ref('dim_appointment_types') }} as types
    on
        types.organization_id = recent.organization_id
        and types.appointment_type_id = recent.appointment_type_id
left join {{ ref('dim_practitioners') }} as practitioners
    on
        practitioners.organization_id = recent.organization_id
        and practitioners.practitioner_id = recent.practitioner_id
where recent.place <= {{ var('recent_appointments_at_most') }}
group by recent.organization_id, recent.patient_id
