select
    outreach.organization_id,
    outreach.id as outreach_id,
    patients.survivor_patient_id as patient_id,
    outreach.method,
    outreach.outcome,
    outreach.occurred_at,
    case when outreach.opened_at <= (select {{ as_of() }}) then outreach.opened_at end as opened_at
from {{ source('app', 'outreach_log') }} as outreach
inner join {{ ref('dim_patients') }} as patients
    on
        patients.organization_id = outreach.organization_id
        and patients.patient_id = outreach.patient_id
where outreach.occurred_at <= (select {{ as_of() }})
