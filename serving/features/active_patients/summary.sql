select
    count(*) as total_active_patients,
    count(*) filter (where recent_appointment_count > 0) as patients_with_recent_appointments,
    count(*) filter (
        where upcoming_appointment_count > 0
    ) as patients_with_upcoming_appointments,
    (
        select max(finished_at)
        from app.sync_runs
        where
            organization_id = %(organization_id)s
            and is_accepted
            and finished_at <= asked.as_of
    ) as last_sync_date,
    coalesce(round(avg(recent_appointment_count), 1), 0.0) as avg_recent_appointments,
    coalesce(round(avg(total_appointment_count), 1), 0.0) as avg_total_appointments,
    '{}'::text[] as patient_ids
from marts.active_patients
where organization_id = %(organization_id)s
