"""The statements behind the active-patient routes; who is active, the mart says."""

from serving.data.framing import answering
from serving.features.active_patients.schemas import ActivePatient, ActivePatients, ActivePatientsSummary
from serving.features.visitors import visitors

ACTIVE_PATIENTS = visitors(ActivePatients, ActivePatient, "marts.active_patients", "patient_id")
ALL_ACTIVE_PATIENTS = visitors(
    ActivePatients, ActivePatient, "marts.active_patients", "patient_id", whole=True
)
SUMMARY = answering("features/active_patients/summary.sql", ActivePatientsSummary)
