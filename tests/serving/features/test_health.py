"""Alive and ready are different things, and neither tells anything about an organization."""

from tests.serving.conftest import Api


def test_live_and_ready(api: Api) -> None:
    assert api.client.get("/live").json() == {"status": "alive"}
    assert api.client.get("/ready").json() == {"status": "ready"}


def test_every_answer_has_a_request_id_and_takes_a_good_one(api: Api) -> None:
    assert api.client.get("/live", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = api.client.get("/live", headers={"X-Request-Id": "a\tb<script>"}).headers["x-request-id"]
    assert made.isalnum()
    assert len(made) == 32


def test_an_unknown_path_is_a_problem_too(api: Api) -> None:
    answer = api.client.get("/nothing/here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail", "timestamp", "request_id"}
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_the_docs_come_from_here_and_from_nowhere_else(api: Api) -> None:
    page = api.client.get("/docs")
    assert "://" not in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"):
        assert f"/docs/assets/{name}" in page.text
        assert api.client.get(f"/docs/assets/{name}").status_code == 200
    assert api.client.get("/docs/assets/__init__.py").status_code == 404
    assert api.client.get("/openapi.json").json()["openapi"].startswith("3.1")
