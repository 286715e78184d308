{%- set now = '(select ' ~ as_of() ~ ')' -%}
with counted as (
    select
        *,
        {{ now }} as as_of,
        {{ is_cancelled_at('visits', now) }} as is_cancelled,
        {{ is_attended_at('visits', now) }} as is_attended
    from {{ ref('fct_visits') }} as visits
    where {{ counts_at('visits', now) }}
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
        when is_attended then 'attended'
        else 'missed'
    end as status,
    not is_cancelled and starts_at > as_of as is_booked,
    not is_cancelled and starts_at <= as_of and did_not_arrive as is_missed,
    is_attended,
    is_cancelled
    and cancelled_at > starts_at - interval '{{ var("late_cancellation_hours") }} hours'
        as is_late_cancellation,
    appointment_type_id,
    practitioner_id,
    business_id
from counted
