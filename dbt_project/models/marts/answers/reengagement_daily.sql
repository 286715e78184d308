select
    days.organization_id,
    days.day,
    risk.critical,
    risk.high,
    risk.medium,
    risk.low,
    risk.engaged,
    risk.new_at_risk,
    risk.reengaged_successfully,
    outreach.outreach_attempts,
    outreach.successful_contacts,
    outreach.converted_contacts,
    outreach.appointments_scheduled
from {{ ref('trend_days') }} as days
inner join {{ ref('risk_daily') }} as risk
    on risk.organization_id = days.organization_id and risk.day_number = days.day_number
inner join {{ ref('outreach_daily') }} as outreach
    on outreach.organization_id = days.organization_id and outreach.day_number = days.day_number
-- the days before serve attribution and the comparison with the day before
where days.day_number > {{ var('attribution_days') }}
