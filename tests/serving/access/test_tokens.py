"""No forged or doubtful token gets anywhere: 401 or 403, always the same body, no database connection."""

import json
from typing import Any

import httpx
import pytest

from serving.access.guard import GuardedRoute
from serving.app import create_app
from tests.conftest import free_port
from tests.serving.access.forgeries import (
    REFUSED,
    STRANGER,
    TAKEN,
    WITHOUT_RIGHT,
    Headers,
    bearer,
    header,
    public_jwk,
    public_pem,
    sign,
)
from tests.serving.checks import PROBLEM_KEYS
from tests.serving.conftest import Api, Clerk, run_api, serve, settings_for
from tests.serving.routes import RISK
from warehouse.settings import Settings


def routes_of(api: Api) -> list[tuple[str, str]]:
    """Method and path of every route under /api/, as the application itself lists them."""
    paths = api.client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path.replace("{organization_id}", "org_a").replace("{org_id}", "org_a"))
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/api/")
    ]


def ask_every_route(api: Api, headers: Headers, naming: str = "") -> list[httpx.Response]:
    """Those whose path names that organization, or all."""
    routes = [(method, path) for method, path in routes_of(api) if naming in path]
    return [api.client.request(method, path, headers=headers) for method, path in routes]


def sameness(answer: httpx.Response) -> tuple[object, ...]:
    """What must be the same of all refusals, whatever was wrong."""
    body = answer.json()
    assert body.keys() == PROBLEM_KEYS
    fixed = {name: value for name, value in body.items() if name not in {"timestamp", "request_id"}}
    return answer.status_code, str(fixed), answer.headers.get("www-authenticate")


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(clinic_api: Api, kind: str) -> None:
    before = clinic_api.connections_taken()
    answers = ask_every_route(clinic_api, REFUSED[kind](clinic_api.clerk))
    assert len(answers) >= 5
    plain = clinic_api.client.get(RISK.format("org_a"))
    assert {sameness(answer) for answer in answers} == {sameness(plain)}
    assert plain.status_code == 401
    assert clinic_api.connections_taken() == before


@pytest.mark.parametrize("kind", WITHOUT_RIGHT)
def test_genuine_but_without_the_right(clinic_api: Api, kind: str) -> None:
    before = clinic_api.connections_taken()
    # a member of another organization may ask what names none: the answer is of its own
    naming = "org_a" if "organization in" in kind or "another organization" in kind else ""
    answers = ask_every_route(clinic_api, WITHOUT_RIGHT[kind](clinic_api.clerk), naming)
    assert len(answers) >= 5
    assert len({sameness(answer) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {403}
    assert clinic_api.connections_taken() == before


@pytest.mark.parametrize("kind", TAKEN)
def test_taken(clinic_api: Api, kind: str) -> None:
    headers = TAKEN[kind](clinic_api.clerk)
    assert clinic_api.client.get(RISK.format("org_a"), headers=headers).status_code == 200


def test_a_member_may_not_sync(clinic_api: Api) -> None:
    headers = clinic_api.clerk.bearer("org_a", role="member")
    assert clinic_api.client.post("/api/v1/admin/sync/schedule/org_a", headers=headers).status_code == 403


def test_a_token_in_the_query_is_none(clinic_api: Api) -> None:
    params = {"token": clinic_api.clerk.token(), "__session": clinic_api.clerk.token()}
    assert clinic_api.client.get(RISK.format("org_a"), params=params).status_code == 401


def test_a_fixed_key_serves_without_any_network(clinics: Settings, clerk: Clerk) -> None:
    settings = settings_for(
        clinics, clerk, clerk_jwt_key=public_pem(clerk).decode(), clerk_jwks_url="http://127.0.0.1:1/none"
    )
    with run_api(settings, clerk) as api:
        assert api.get(RISK.format("org_a")).status_code == 200
        for kind in ("signed by a stranger", "alg HS256 by the public key", "kid missing"):
            assert api.client.get(RISK.format("org_a"), headers=REFUSED[kind](clerk)).status_code == 401


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_key_is_fetched_from_nowhere_but_the_issuer(clinic_api: Api, name: str) -> None:
    asked: list[str] = []

    async def stranger(scope: Any, _receive: Any, send: Any) -> None:
        asked.append(scope.get("path", ""))
        body = json.dumps({"keys": [public_jwk("ins_stranger")]}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def ask(url: str, key: Any = None, **how: Any) -> int:
        head = header(clinic_api.clerk, **{name: f"{url}/keys"}, **how)
        headers = bearer(sign(clinic_api.clerk, head, key=key))
        return clinic_api.client.get(RISK.format("org_a"), headers=headers).status_code

    with serve(stranger, free_port()) as url:
        assert (ask(url, STRANGER, kid="ins_stranger"), ask(url, STRANGER), ask(url)) == (401, 401, 200)
    assert "/keys" not in asked


def test_no_route_is_without_a_guard(clinics: Settings, clerk: Clerk) -> None:
    open_routes = {"/live", "/ready", "/docs", "/docs/assets", "/openapi.json"}
    app = create_app(settings_for(clinics, clerk))
    unguarded = {
        route.path
        for included in app.routes
        for route in getattr(getattr(included, "original_router", None), "routes", [included])
        if not isinstance(route, GuardedRoute)
    }
    assert unguarded == open_routes


@pytest.mark.parametrize(
    "url", ["http://clerk.example.com/jwks.json", "ftp://127.0.0.1/x", "file:///etc/passwd"]
)
def test_keys_come_by_a_private_way_only(clinics: Settings, clerk: Clerk, url: str) -> None:
    with pytest.raises(ValueError, match="must be https"):
        settings_for(clinics, clerk, clerk_jwks_url=url)
