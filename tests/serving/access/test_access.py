"""Which tier each route counts in, and who may ask: the table of the API, row by row."""

from fastapi.routing import APIRoute

from serving.access.guard import GuardedRoute
from serving.app import ROUTERS
from tests.serving.routes import TABLE


def test_each_route_counts_where_the_table_says_and_asks_for_its_role() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    found = {
        (method, route.path): (route.guard.tier, route.guard.role)
        if isinstance(route, GuardedRoute)
        else (None, None)
        for route in routes
        for method in route.methods or ()
    }
    assert found == {route: (tier, role) for route, (_, tier, role) in TABLE.items()}
