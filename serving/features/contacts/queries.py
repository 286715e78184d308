"""The statements behind the list of contacts; who belongs to it, the mart says."""

from typing import LiteralString

from serving.data.framing import instant
from serving.features.visitors import visitors

VIEW: LiteralString = "marts.contacts_with_appointments"
LIST: LiteralString = "contacts_with_appointments"
FIELDS: LiteralString = f"""
    'contact_id', contact_id,
    'name', name,
    'phone', phone,
    'email', email,
    'cliniko_patient_id', cliniko_patient_id,
    'recent_appointment_count', recent_appointment_count,
    'upcoming_appointment_count', upcoming_appointment_count,
    'last_appointment_date', {instant("last_appointment_date")},
    'recent_appointments', coalesce((select by_patient from visits) -> cliniko_patient_id, '[]'::jsonb)
"""

CONTACTS = visitors(VIEW, "cliniko_patient_id", LIST, FIELDS)
ALL_CONTACTS = visitors(VIEW, "cliniko_patient_id", LIST, FIELDS, whole=True)
