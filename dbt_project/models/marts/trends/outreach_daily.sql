with outreach as (
    select
        organization_id,
        day_number,
        count(distinct patient_id) as outreach_attempts,
        count(distinct patient_id) filter (where is_success) as successful_contacts
    from {{ ref('trend_outreach') }}
    group by organization_id, day_number
),

conversions as (
    select
        organization_id,
        day_number,
        count(*) filter (where success_day = day_number) as converted_contacts,
        count(*) filter (where is_first) as appointments_scheduled
    from {{ ref('trend_conversions') }}
    group by organization_id, day_number
)

select
    days.organization_id,
    days.day_number,
    coalesce(outreach.outreach_attempts, 0) as outreach_attempts,
    coalesce(outreach.successful_contacts, 0) as successful_contacts,
    coalesce(conversions.converted_contacts, 0) as converted_contacts,
    coalesce(conversions.appointments_scheduled, 0) as appointments_scheduled
from {{ ref('trend_days') }} as days
left join outreach
    on outreach.organization_id = days.organization_id and outreach.day_number = days.day_number
left join conversions
    on
        conversions.organization_id = days.organization_id
        and conversions.day_number = days.day_number
