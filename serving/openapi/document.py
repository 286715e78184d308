"""The OpenAPI document as it is served: what FastAPI makes of the routes, completed.

An example at each body, each refusal and header said once, the headers that every route takes, what each tag
holds.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from serving.http.errors import FAMILY, NotLoaded, type_of
from serving.openapi.responses import BY_STATUS, ProblemBody

Document = dict[str, Any]

TAGS = {
    "sync": "Reading the clinic's Cliniko account, and how that stands",
    "active patients": "Patients who attended in the last 45 days",
    "contacts": "Patients with any appointment",
    "monitoring": "Whether everything runs",
    "clerk": "Who belongs to the organization, mirrored from Clerk",
    "reengagement": "Who is being lost, why, whom to call, and what came of it",
    "health": "For load balancers; without a token and without anybody's data",
}
INFO: dict[str, Any] = {
    "title": "Routiq",
    "summary": "Which patients are being lost, why, and whom to call today.",
    "version": "1.0.0",
    "description": (
        "Ask with `Authorization: Bearer <Clerk session token>`. The token's organization decides whose data "
        "is answered; path, header and body may only repeat it. Every refusal has the body `ProblemBody`. "
        "Instants are RFC 3339 in UTC. Unknown query parameters are refused, so that a misspelt filter never "
        "answers with everybody."
    ),
    "openapi_tags": [{"name": name, "description": text} for name, text in TAGS.items()],
}
PARAMETERS: dict[str, Document] = {
    "OrganizationHeader": {
        "name": "x-organization-id",
        "in": "header",
        "required": False,
        "description": "May repeat the organization of your session token; any other is refused with 403.",
        "schema": {"type": "string"},
    },
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "required": False,
        "description": "An id of yours for this request, repeated in the answer and in our log: up to 64 "
        "letters, digits and `._-`. Another is replaced by one of ours.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` of an answer you have: 304 if it still holds.",
        "schema": {"type": "string"},
    },
}


def complete(document: Document, examples: Document) -> Document:
    """`examples` by the names of their schemas: FastAPI drops every null of those it has written down."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    add_problem_body(schemas)
    components["parameters"] = PARAMETERS
    for name, example in examples.items():
        schemas[name]["examples"] = [example]
    for operation in operations(document):
        show_examples(operation, schemas)
        share(operation["responses"], components)
        if "security" in operation:
            add_headers(operation)
    return document


def operations(document: Document) -> Iterator[Document]:
    for path in document["paths"].values():
        yield from path.values()


def add_problem_body(schemas: Document) -> None:
    """The error body's schema, which no route names as its answer."""
    body = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(body.pop("$defs"))
    body["properties"]["type"]["enum"] = [type_of(problem) for problem in (*FAMILY, NotLoaded)]
    schemas["ProblemBody"] = body


def show_examples(operation: Document, schemas: Document) -> None:
    """The schema's own example beside each body that is a schema by reference."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in [media for body in bodies for media in body.get("content", {}).values()]:
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if examples := schemas.get(name, {}).get("examples"):
            content["example"] = examples[0]
    for response in operation["responses"].values():
        if response["description"] == "Successful Response":
            response["description"] = operation["summary"]


def share(responses: Document, components: Document) -> None:
    """Say each refusal, and each header, once for all routes."""
    headers = components.setdefault("headers", {})
    shared = components.setdefault("responses", {})
    for status, response in responses.items():
        for name, described in response.get("headers", {}).items():
            headers[name] = described
        if "headers" in response:
            response["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in response["headers"]
            }
        if status >= "400":
            name = BY_STATUS[int(status)].__name__
            shared[name] = response
            responses[status] = {"$ref": f"#/components/responses/{name}"}


def add_headers(operation: Document) -> None:
    names = ["OrganizationHeader", "RequestId", *(["IfNoneMatch"] if "304" in operation["responses"] else [])]
    parameters = operation.setdefault("parameters", [])
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in names]


def describe(routers: tuple[APIRouter, ...]) -> Document:
    """The document of these routes, without an application that could answer."""
    app = FastAPI(**INFO)
    for router in routers:
        app.include_router(router)
    return complete(app.openapi(), examples_of(routers))


def examples_of(routers: tuple[APIRouter, ...]) -> Document:
    """The first example of each model that is a whole body."""
    found: Document = {}
    for route in [route for router in routers for route in router.routes if isinstance(route, APIRoute)]:
        taken = [field.field_info.annotation for field in route.dependant.body_params]
        for model in (route.response_model, *taken):
            extra = getattr(model, "model_config", {}).get("json_schema_extra", {})
            if examples := extra.get("examples"):
                found[model.__name__] = examples[0]
    return found
