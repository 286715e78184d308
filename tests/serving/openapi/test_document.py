"""The API's description: complete, each status and parameter described, with examples that are true to it."""

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from serving.app import ROUTERS
from serving.http.errors import FAMILY
from serving.openapi.document import TAGS, describe
from serving.openapi.responses import ProblemBody
from tests.serving.conftest import Api
from tests.serving.routes import SYNC, TABLE

DOCUMENT = describe(ROUTERS)
OPERATIONS = {
    operation["operationId"]: operation for path in DOCUMENT["paths"].values() for operation in path.values()
}
GUARDED = [name for name in OPERATIONS if name not in {"isAlive", "isReady"}]


FORMATS = FormatChecker(["uuid", "date"])


@FORMATS.checks("date-time", ValueError)
def is_instant(value: object) -> bool:
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).tzinfo is not None


def resolved(part: Any) -> dict[str, Any]:
    """What a reference refers to."""
    found: dict[str, Any] = part
    if "$ref" in part:
        found = DOCUMENT
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
    return found


def faults(schema: dict[str, Any], example: object) -> list[str]:
    """Why an example is not true to its schema."""
    whole = {"components": DOCUMENT["components"], **schema}
    validator = Draft202012Validator(whole, format_checker=FORMATS)
    return [error.message for error in validator.iter_errors(example)]


def answers(operation: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, response in OPERATIONS[operation]["responses"].items():
        yield status, resolved(response)


def test_the_document_served_is_this_one(api: Api) -> None:
    assert api.client.get("/openapi.json").json() == json.loads(json.dumps(DOCUMENT))
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_route_has_a_name_that_reads_well() -> None:
    found = {
        (method.upper(), path): operation["operationId"]
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    assert found == {route: name for route, (name, _, _) in TABLE.items()}
    names = list(found.values())
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name) for name in names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_status_is_described_and_shown(operation: str) -> None:
    assert OPERATIONS[operation]["summary"]
    assert set(OPERATIONS[operation]["tags"]) <= TAGS.keys()
    for status, response in answers(operation):
        assert response["description"] != "Successful Response"
        assert all(resolved(header)["description"] for header in response["headers"].values())
        if status == "304":
            assert "content" not in response
            continue
        ((media_type, content),) = response["content"].items()
        assert media_type == ("application/problem+json" if status >= "400" else "application/json")
        assert faults(content["schema"], content["example"]) == []
        assert status < "400" or content["example"]["status"] == int(status)


@pytest.mark.parametrize("operation", GUARDED)
def test_every_guarded_route_says_who_may_ask_and_what_may_go_wrong(operation: str) -> None:
    described = dict(answers(operation))
    assert OPERATIONS[operation]["security"] == [{"ClerkSession": []}]
    assert {"401", "403", "404", "422", "429", "500", "503"} <= described.keys()
    (success,) = {"200", "201"} & described.keys()
    assert "X-RateLimit-Limit" in described[success]["headers"]
    assert DOCUMENT["components"]["securitySchemes"]["ClerkSession"]["scheme"] == "bearer"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_parameter_and_body_is_described_and_shown(operation: str) -> None:
    for parameter in map(resolved, OPERATIONS[operation].get("parameters", [])):
        assert parameter["description"], parameter["name"]
    if body := OPERATIONS[operation].get("requestBody"):
        content = body["content"]["application/json"]
        assert resolved(content["schema"])["additionalProperties"] is False
        assert faults(content["schema"], content["example"]) == []
        assert {"400", "413", "415"} <= OPERATIONS[operation]["responses"].keys()


@pytest.mark.parametrize("schema", DOCUMENT["components"]["schemas"])
def test_every_field_says_what_it_means(schema: str) -> None:
    fields = DOCUMENT["components"]["schemas"][schema].get("properties", {})
    silent = [field for field, described in fields.items() if not described.get("description")]
    assert silent == [], "describe them in the schema, or in the mart that it shows"


def test_a_wrong_example_would_be_seen() -> None:
    content = OPERATIONS["getRiskMetrics"]["responses"]["200"]["content"]["application/json"]
    wrong = json.loads(json.dumps(content["example"]))
    wrong["risk_summary"]["critical"] = "twelve"
    wrong["last_updated"] = "yesterday"
    assert len(faults(content["schema"], wrong)) == 2


def test_nothing_refers_to_what_is_not_there_and_nothing_is_there_for_nothing() -> None:
    text = json.dumps(DOCUMENT)
    for kind, parts in DOCUMENT["components"].items():
        referred = set(re.findall(rf'"#/components/{kind}/([^"]+)"', text))
        assert kind == "securitySchemes" or referred == parts.keys()
    assert "HTTPValidationError" not in text


def test_the_error_body_of_the_description_is_the_one_sent(api: Api) -> None:
    for answer in (api.client.get(SYNC.format("org_a")), api.client.post(SYNC.format("org_a"))):
        ProblemBody.model_validate_json(answer.text)
        assert faults({"$ref": "#/components/schemas/ProblemBody"}, answer.json()) == []
    assert len({problem.status for problem in FAMILY}) == len(FAMILY)
