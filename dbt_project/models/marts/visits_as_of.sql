{{ config(barrier=true) }}

with visits as (
    select
        fct_visits.*,
        clock.as_of,
        coalesce(fct_visits.cancelled_at <= clock.as_of, false) as is_cancelled
    from {{ ref('fct_visits') }} as fct_visits
    cross join (select {{ as_of() }} as as_of) as clock
    where {{ exists_at('fct_visits.created_at', 'fct_visits.removed_at', 'clock.as_of') }}
),

-- a patient's several rows in one class count once, a standing one before a cancelled one
counted as (
    select *
    from visits
    where
        not has_class_twin
        or not exists (
            select
            from {{ ref('fct_visits') }} as twins
            where
                twins.organization_id = visits.organization_id
                and twins.patient_id = visits.patient_id
                and twins.booking_id = visits.booking_id
                and twins.visit_kind = visits.visit_kind
                and {{ exists_at('twins.created_at', 'twins.removed_at', 'visits.as_of') }}
                and (
                    coalesce(twins.cancelled_at <= visits.as_of, false),
                    twins.created_at,
                    length(twins.visit_id),
                    twins.visit_id
                ) < (
                    visits.is_cancelled,
                    visits.created_at,
                    length(visits.visit_id),
                    visits.visit_id
                )
        )
)

select
    organization_id,
    visit_kind,
    visit_id,
    patient_id,
    starts_at,
    created_at,
    case when is_cancelled then cancelled_at end as cancelled_at,
    case
        when is_cancelled then 'cancelled'
        when starts_at > as_of then 'booked'
        when did_not_arrive then 'missed'
        else 'attended'
    end as status,
    is_cancelled
    and cancelled_at > starts_at - interval '{{ var("late_cancellation_hours") }} hours'
        as is_late_cancellation,
    appointment_type_id,
    practitioner_id,
    business_id
from counted
