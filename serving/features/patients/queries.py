"""The statement behind one patient's page. A merged id leads to the survivor, who has the history of both."""

from serving.data.framing import answering
from serving.features.patients.schemas import PatientPage

PATIENT = answering("features/patients/patient.sql", PatientPage)
