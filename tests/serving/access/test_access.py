"""Which tier each route counts in, and who may ask: the table of the API, row by row."""

from fastapi.routing import APIRoute

from serving.access.guard import GuardedRoute
from serving.app import ROUTERS

ADMIN, REGULAR = "/api/v1/admin", "/api/v1/reengagement/{org_id}"
TABLE = {
    ("POST", f"{ADMIN}/sync/schedule/{{organization_id}}"): ("sync", "admin"),
    ("GET", f"{ADMIN}/active-patients/{{organization_id}}"): ("admin", "member"),
    ("GET", f"{ADMIN}/active-patients/{{organization_id}}/summary"): ("admin", "member"),
    ("GET", f"{ADMIN}/contacts/{{organization_id}}/with-appointments"): ("admin", "member"),
    ("GET", f"{ADMIN}/sync/dashboard/{{organization_id}}"): ("admin", "member"),
    ("GET", f"{ADMIN}/monitoring/system-health"): ("admin", "member"),
    ("POST", f"{ADMIN}/clerk/sync"): ("sync", "admin"),
    ("GET", f"{ADMIN}/clerk/status"): ("admin", "member"),
    ("GET", f"{ADMIN}/clerk/database-summary"): ("admin", "member"),
    ("GET", f"{REGULAR}/risk-metrics"): ("regular", "member"),
    ("GET", f"{REGULAR}/performance"): ("regular", "member"),
    ("GET", f"{REGULAR}/patients/prioritized"): ("regular", "member"),
    ("GET", f"{REGULAR}/trends"): ("regular", "member"),
    ("POST", f"{REGULAR}/log-outreach"): ("regular", "member"),
    ("GET", f"{REGULAR}/dashboard"): ("regular", "member"),
    ("GET", f"{REGULAR}/patients/{{patient_id}}"): ("regular", "member"),
    ("GET", "/live"): None,
    ("GET", "/ready"): None,
}


def test_each_route_counts_where_the_table_says_and_asks_for_its_role() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    found = {
        (method, route.path): (route.guard.tier, route.guard.role)
        if isinstance(route, GuardedRoute)
        else None
        for route in routes
        for method in route.methods or ()
    }
    assert found == TABLE
