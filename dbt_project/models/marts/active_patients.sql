{%- set instant = 'YYYY-MM-DD"T"HH24:MI:SS"Z"' -%}
with active as (
    select
        *,
        attended_count + missed_count + booked_count as total_count
    from {{ ref('patient_activity') }}
    where attended_recent_count > 0
)

select
    organization_id,
    patient_id,
    contact_number as id,
    contact_id,
    patient_name as contact_name,
    ltrim(phone, '+') as contact_phone,
    attended_recent_count as recent_appointment_count,
    booked_count as upcoming_appointment_count,
    total_count as total_appointment_count,
    last_attended_at as last_appointment_date,
    (
        select
            jsonb_agg(
                jsonb_build_object(
                    'id', recent.visit_id,
                    'date', to_char(recent.starts_at at time zone 'UTC', '{{ instant }}'),
                    'type', types.appointment_type_name,
                    'practitioner', practitioners.practitioner_name,
                    'status', recent.status
                )
                order by recent.starts_at desc, length(recent.visit_id), recent.visit_id
            )
        from (
            select visits.*
            from {{ ref('visits_as_of') }} as visits
            where
                visits.organization_id = active.organization_id
                and visits.patient_id = active.patient_id
                and visits.is_attended
                and visits.starts_at >= active.recent_from
            order by visits.starts_at desc, length(visits.visit_id), visits.visit_id
            limit {{ var('recent_appointments_at_most') }}
        ) as recent
        left join {{ ref('dim_appointment_types') }} as types
            on
                types.organization_id = recent.organization_id
                and types.appointment_type_id = recent.appointment_type_id
        left join {{ ref('dim_practitioners') }} as practitioners
            on
                practitioners.organization_id = recent.organization_id
                and practitioners.practitioner_id = recent.practitioner_id
    ) as recent_appointments,
    created_at,
    updated_at
from active
