"""Routes 5, 6, 8 and 9 alike: before there is any data, who may ask, and whose names are never told."""

import json
from typing import Any

import pytest

from tests.serving import marts
from tests.serving.checks import problem
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from tests.serving.features.conftest import DASHBOARD, ROUTES, ask
from tests.serving.routes import HEALTH
from warehouse.settings import Settings


@pytest.fixture
def api(warehouse: Settings, clerk: Clerk) -> Any:
    """Nothing was ever built; one organization waits for its first sync, one is switched off."""
    marts.add_organization(warehouse, "org_a")
    marts.add_organization(warehouse, "org_off", active=False)
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        yield api


def test_all_of_them_answer_before_there_is_any_data(api: Api) -> None:
    for route, model in ROUTES.items():
        answer = api.get(route.format("org_a"))
        assert answer.status_code == 200, answer.text
        model.model_validate_json(answer.text)
        assert "x-data-as-of" not in answer.headers
        assert answer.headers["x-data-stale"] == "true"
        etag = {"If-None-Match": answer.headers["etag"]}
        assert api.get(route.format("org_a"), headers=etag).status_code == 304
    assert api.get(DASHBOARD.format("org_a")).json()["contact_metrics"] == {
        **dict.fromkeys(("total_contacts", "cliniko_linked", "unlinked"), 0),
        "link_percentage": 0.0,
    }
    health = api.get(HEALTH).json()
    assert health["sync_activity_24h"]["success_rate"] is None
    assert health["health_status"]["status"] == "unhealthy"


def test_who_may_ask(api: Api) -> None:
    for route in ROUTES:
        path = route.format("org_a")
        problem(api.client.get(path), 401)
        problem(api.get(path, headers={"x-organization-id": "org_b"}), 403)
        problem(api.get(route.format("org_off"), "org_off"), 403)
        problem(api.get(route.format("org_gone"), "org_gone"), 404)
        problem(api.get(path, params={"limit": "1"}), 422)
        if path != route:
            problem(api.get(route.format("org_b")), 403)


def test_no_name_of_another_organization_is_ever_told(mirrored: Settings, clerk: Clerk) -> None:
    for route in ROUTES:
        assert "org_b" not in json.dumps(ask(mirrored, clerk, route))
