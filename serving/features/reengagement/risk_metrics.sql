with patients as materialized (
    select
        patient_id,
        risk_level,
        action_priority,
        engagement_status,
        missed_appointments_14d,
        has_attended_last_30d,
        upcoming_appointment_count
    from marts.patient_reengagement_master_view
    where organization_id = %(organization_id)s
),

failures as (
    select coalesce(sum(failed_outreach.failed_recently), 0) as failed
    from marts.failed_outreach
    inner join patients
        on patients.patient_id = failed_outreach.patient_id
    where
        failed_outreach.organization_id = %(organization_id)s
        and patients.risk_level is not null
)

select
    count(*) filter (where risk_level = 'critical') as critical,
    count(*) filter (where risk_level = 'high') as high,
    count(*) filter (where risk_level = 'medium') as medium,
    count(*) filter (where risk_level = 'low') as low,
    count(*) filter (where risk_level = 'engaged') as engaged,
    coalesce(
        sum(missed_appointments_14d) filter (where risk_level is not null), 0
    ) as missed_appointments_14d,
    (select failed from failures) as failed_communications,
    count(*) filter (
        where
        risk_level is not null
        and has_attended_last_30d
        and upcoming_appointment_count = 0
    ) as no_future_appointments,
    count(*) filter (where action_priority = 1) as immediate_actions_required,
    count(*) filter (where engagement_status = 'stale') as stale_patients,
    '{}'::text[] as patient_ids
from patients
