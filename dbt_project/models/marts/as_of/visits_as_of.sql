with visits as (
    select
        *,
        (select {{ as_of() }}) as as_of,
        coalesce(cancelled_at <= (select {{ as_of() }}), false) as is_cancelled
    from {{ ref('fct_visits') }}
    where {{ exists_at('created_at', 'removed_at', '(select ' ~ as_of() ~ ')') }}
),

-- a patient's several rows in one class count once, a standing one before a cancelled one
counted as (
    select *
    from visits
    where
        twin_class is null
        or not exists (
            select
            from {{ ref('fct_visits') }} as twins
            where
                twins.organization_id = visits.organization_id
                and twins.patient_id = visits.patient_id
                and twins.twin_class = visits.twin_class
                and {{ exists_at('twins.created_at', 'twins.removed_at', 'visits.as_of') }}
                and (coalesce(twins.cancelled_at <= visits.as_of, false), twins.twin_rank)
                < (visits.is_cancelled, visits.twin_rank)
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
    not is_cancelled and starts_at > as_of as is_booked,
    not is_cancelled and starts_at <= as_of and did_not_arrive as is_missed,
    not is_cancelled and starts_at <= as_of and not did_not_arrive as is_attended,
    is_cancelled
    and cancelled_at > starts_at - interval '{{ var("late_cancellation_hours") }} hours'
        as is_late_cancellation,
    appointment_type_id,
    practitioner_id,
    business_id
from counted
