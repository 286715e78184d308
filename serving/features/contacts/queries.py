"""The statements behind the list of contacts; who belongs to it, the mart says."""

from serving.features.contacts.schemas import ContactsWithAppointments, ContactWithAppointments
from serving.features.visitors import visitors

LISTED = (
    ContactsWithAppointments,
    ContactWithAppointments,
    "marts.contacts_with_appointments",
    "cliniko_patient_id",
)
CONTACTS = visitors(*LISTED)
ALL_CONTACTS = visitors(*LISTED, whole=True)
