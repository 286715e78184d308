{% macro recent_appointments(patient) %}
{%- set instant = 'YYYY-MM-DD"T"HH24:MI:SS"Z"' -%}
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
                visits.organization_id = {{ patient }}.organization_id
                and visits.patient_id = {{ patient }}.patient_id
                and visits.is_attended
                and visits.starts_at >= {{ patient }}.recent_from
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
    )
{%- endmacro %}
