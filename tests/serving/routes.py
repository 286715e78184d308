"""The routes as tests ask them; `{}` is the organization."""

import re

from pydantic import BaseModel

from serving.app import ROUTERS
from serving.features.active_patients.schemas import ActivePatients, ActivePatientsSummary
from serving.features.contacts.schemas import ContactsWithAppointments
from serving.features.patients.schemas import PatientPage
from serving.features.performance.schemas import Performance
from serving.features.reengagement.schemas import Dashboard, PrioritizedPatients, RiskMetrics
from serving.features.trends.schemas import Trends
from serving.openapi.document import describe

RISK = "/api/v1/reengagement/{}/risk-metrics"
LIST = "/api/v1/reengagement/{}/patients/prioritized"
ACTIVE = "/api/v1/admin/active-patients/{}"
SUMMARY = "/api/v1/admin/active-patients/{}/summary"
CONTACTS = "/api/v1/admin/contacts/{}/with-appointments"
DASHBOARD = "/api/v1/reengagement/{}/dashboard"
PERFORMANCE = "/api/v1/reengagement/{}/performance"
TRENDS = "/api/v1/reengagement/{}/trends"
PATIENT = "/api/v1/reengagement/{}/patients/101"
LOG = "/api/v1/reengagement/{}/log-outreach"
SYNC = "/api/v1/admin/sync/schedule/{}"
HEALTH = "/api/v1/admin/monitoring/system-health"
DATA_ROUTES: dict[str, type[BaseModel]] = {
    RISK: RiskMetrics,
    LIST: PrioritizedPatients,
    ACTIVE: ActivePatients,
    SUMMARY: ActivePatientsSummary,
    CONTACTS: ContactsWithAppointments,
    DASHBOARD: Dashboard,
    PERFORMANCE: Performance,
    TRENDS: Trends,
    PATIENT: PatientPage,
}
# Those that name patients, as the audit log names them.
NAMING = {
    LIST: "/api/v1/reengagement/{org_id}/patients/prioritized",
    ACTIVE: "/api/v1/admin/active-patients/{organization_id}",
    CONTACTS: "/api/v1/admin/contacts/{organization_id}/with-appointments",
    DASHBOARD: "/api/v1/reengagement/{org_id}/dashboard",
    PATIENT: "/api/v1/reengagement/{org_id}/patients/{patient_id}",
}
ADMIN, BOARD = "/api/v1/admin", "/api/v1/reengagement/{org_id}"
# The table of the API: its operation's name, the tier it counts in, and the least role.
TABLE: dict[tuple[str, str], tuple[str, str | None, str | None]] = {
    ("POST", f"{ADMIN}/sync/schedule/{{organization_id}}"): ("scheduleSync", "sync", "admin"),
    ("GET", f"{ADMIN}/active-patients/{{organization_id}}"): ("listActivePatients", "admin", "member"),
    ("GET", f"{ADMIN}/active-patients/{{organization_id}}/summary"): (
        "getActivePatientsSummary",
        "admin",
        "member",
    ),
    ("GET", f"{ADMIN}/contacts/{{organization_id}}/with-appointments"): (
        "listContactsWithAppointments",
        "admin",
        "member",
    ),
    ("GET", f"{ADMIN}/sync/dashboard/{{organization_id}}"): ("getSyncDashboard", "admin", "member"),
    ("GET", f"{ADMIN}/monitoring/system-health"): ("getSystemHealth", "admin", "member"),
    ("POST", f"{ADMIN}/clerk/sync"): ("startClerkSync", "sync", "admin"),
    ("GET", f"{ADMIN}/clerk/status"): ("getClerkStatus", "admin", "member"),
    ("GET", f"{ADMIN}/clerk/database-summary"): ("getDatabaseSummary", "admin", "member"),
    ("GET", f"{BOARD}/risk-metrics"): ("getRiskMetrics", "regular", "member"),
    ("GET", f"{BOARD}/performance"): ("getReengagementPerformance", "regular", "member"),
    ("GET", f"{BOARD}/patients/prioritized"): ("listPrioritizedPatients", "regular", "member"),
    ("GET", f"{BOARD}/trends"): ("getReengagementTrends", "regular", "member"),
    ("POST", f"{BOARD}/log-outreach"): ("logOutreach", "regular", "member"),
    ("GET", f"{BOARD}/dashboard"): ("getReengagementDashboard", "regular", "member"),
    ("GET", f"{BOARD}/patients/{{patient_id}}"): ("getPatient", "regular", "member"),
    ("GET", "/live"): ("isAlive", None, None),
    ("GET", "/ready"): ("isReady", None, None),
}
# Every route there is: method, path, and whether it takes a body.
ROUTES = [
    (method.upper(), path, "requestBody" in operation)
    for path, operations in describe(ROUTERS)["paths"].items()
    for method, operation in operations.items()
]


def fill(path: str, value: str = "org_a") -> str:
    return re.sub(r"\{\w+\}", value, path)
