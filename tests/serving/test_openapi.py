"""The API's description: complete, with examples that are true to it."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from serving.errors import FAMILY
from serving.openapi import ProblemBody
from tests.serving.conftest import Api
from tests.serving.test_routes import DATA_ROUTES, SYNC

PATHS = {
    "/api/v1/admin/sync/schedule/{organization_id}": {"post": "scheduleSync"},
    "/api/v1/admin/active-patients/{organization_id}": {"get": "listActivePatients"},
    "/api/v1/admin/active-patients/{organization_id}/summary": {"get": "getActivePatientsSummary"},
    "/api/v1/reengagement/{org_id}/risk-metrics": {"get": "getRiskMetrics"},
    "/api/v1/reengagement/{org_id}/patients/prioritized": {"get": "listPrioritizedPatients"},
    "/api/v1/admin/contacts/{organization_id}/with-appointments": {"get": "listContactsWithAppointments"},
    "/api/v1/reengagement/{org_id}/dashboard": {"get": "getReengagementDashboard"},
    "/api/v1/reengagement/{org_id}/log-outreach": {"post": "logOutreach"},
    "/api/v1/reengagement/{org_id}/patients/{patient_id}": {"get": "getPatient"},
    "/api/v1/reengagement/{org_id}/performance": {"get": "getReengagementPerformance"},
    "/api/v1/reengagement/{org_id}/trends": {"get": "getReengagementTrends"},
    "/api/v1/admin/sync/dashboard/{organization_id}": {"get": "getSyncDashboard"},
    "/api/v1/admin/monitoring/system-health": {"get": "getSystemHealth"},
    "/api/v1/admin/clerk/sync": {"post": "startClerkSync"},
    "/api/v1/admin/clerk/status": {"get": "getClerkStatus"},
    "/api/v1/admin/clerk/database-summary": {"get": "getDatabaseSummary"},
    "/live": {"get": "isAlive"},
    "/ready": {"get": "isReady"},
}


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    described: dict[str, Any] = api.client.get("/openapi.json").json()
    return described


def guarded(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if path.startswith("/api/")
    ]


def test_every_route_has_a_name_that_reads_well(document: dict[str, Any]) -> None:
    found = {
        path: {method: operation["operationId"] for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    assert found == PATHS


def test_every_guarded_route_says_who_may_ask_and_what_may_go_wrong(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["ClerkSession"]["scheme"] == "bearer"
    for operation in guarded(document):
        assert operation["security"] == [{"ClerkSession": []}]
        assert {"401", "403", "404", "422", "429", "500", "503"} <= operation["responses"].keys()
        (success,) = {"200", "201"} & operation["responses"].keys()
        assert "X-RateLimit-Limit" in operation["responses"][success]["headers"]
        for status, response in operation["responses"].items():
            if status >= "400":
                (content,) = response["content"].items()
                assert content[0] == "application/problem+json"
                ProblemBody.model_validate(content[1]["example"])


def test_nothing_refers_to_what_is_not_there(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    referred = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert referred <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in text


@pytest.mark.parametrize("model", [*DATA_ROUTES.values()])
def test_examples_are_true_to_their_schema(model: Any) -> None:
    for example in model.model_config["json_schema_extra"]["examples"]:
        TypeAdapter(model).validate_json(json.dumps(example))


def test_the_error_body_of_the_description_is_the_one_sent(api: Api) -> None:
    for answer in (api.client.get(SYNC.format("org_a")), api.client.post(SYNC.format("org_a"))):
        ProblemBody.model_validate_json(answer.text)
    assert len({problem.status for problem in FAMILY}) == len(FAMILY)


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    for operation in guarded(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (operation["operationId"], parameter["name"])
