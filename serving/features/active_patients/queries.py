"""The statements behind the active-patient routes; who is active, the mart says."""

from typing import LiteralString

from serving.data.framing import framed, instant
from serving.features.visitors import visitors

VIEW: LiteralString = "marts.active_patients"
LIST: LiteralString = "active_patients"
FIELDS: LiteralString = f"""
    'id', id,
    'contact_id', contact_id,
    'contact_name', contact_name,
    'contact_phone', contact_phone,
    'recent_appointment_count', recent_appointment_count,
    'upcoming_appointment_count', upcoming_appointment_count,
    'total_appointment_count', total_appointment_count,
    'last_appointment_date', {instant("last_appointment_date")},
    'recent_appointments', (select by_patient from visits) -> patient_id,
    'created_at', {instant("created_at")},
    'updated_at', {instant("updated_at")}
"""

ACTIVE_PATIENTS = visitors(VIEW, "patient_id", LIST, FIELDS)
ALL_ACTIVE_PATIENTS = visitors(VIEW, "patient_id", LIST, FIELDS, whole=True)

SUMMARY: LiteralString = framed(f"""
    select
        json_build_object(
            'organization_id', asked.organization_id,
            'total_active_patients', count(*),
            'patients_with_recent_appointments', count(*) filter (where recent_appointment_count > 0),
            'patients_with_upcoming_appointments', count(*) filter (where upcoming_appointment_count > 0),
            'last_sync_date', (
                select {instant("max(finished_at)")}
                from app.sync_runs
                where
                    organization_id = %(organization_id)s
                    and is_accepted and finished_at <= asked.as_of
            ),
            'avg_recent_appointments', coalesce(round(avg(recent_appointment_count), 1), 0.0),
            'avg_total_appointments', coalesce(round(avg(total_appointment_count), 1), 0.0)
        )::text as body,
        '{{}}'::text[] as patient_ids
    from marts.active_patients
    where organization_id = %(organization_id)s
""")
