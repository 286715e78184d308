"""Whatever is sent: a 4xx with the one body, never a 5xx, never SQL, a path or what was sent."""

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.middleware import Middleware

from serving.http.envelope import Envelope
from serving.http.handlers import install_handlers
from tests.conftest import free_port
from tests.serving.checks import problem
from tests.serving.conftest import Api, serve
from tests.serving.routes import ACTIVE, CONTACTS, LIST, PERFORMANCE, RISK, SYNC, TRENDS

BAD_QUERIES = [
    (LIST, "limit=0"),
    (LIST, "limit=201"),
    (LIST, "limit=1.5"),
    (LIST, "limit=abc"),
    (LIST, "limit="),
    (LIST, "limit=" + "9" * 5000),
    (LIST, "limit=1&limit=2"),
    (LIST, "risk_level=urgent"),
    (LIST, "risk_level=CRITICAL"),
    (LIST, "risk_level=high&risk_level=low"),
    (LIST, "risk_level=%00"),
    (LIST, "action_priority=5"),
    (LIST, "action_priority=true"),
    (LIST, "engagement_status=gone"),
    (LIST, "search="),
    (LIST, "search=%00"),
    (LIST, "search=a%0Ab"),
    (LIST, "search=" + "x" * 101),
    (LIST, "cursor=x"),
    (LIST, "cursor=%00"),
    (LIST, "cursor=" + "A" * 600),
    (LIST, "cursor=WyJhY3RpdmUiLCItMSIsIjEiXQ"),
    (LIST, "cursor=W1tbW1tb"),
    (LIST, "risk_levl=critical"),
    (LIST, "organization_id=org_b"),
    (RISK, "x=1"),
    (PERFORMANCE, "timeframe=last_year"),
    (PERFORMANCE, "timeframe=last_7_days&timeframe=last_30_days"),
    (TRENDS, "period=2y"),
    (TRENDS, "period=7d&period=30d"),
    (TRENDS, "metric=risk_levels"),
    (TRENDS, "metrics=" + "&metrics=".join(["risk_levels"] * 11)),
    (CONTACTS, "limit=0"),
    (CONTACTS, "cursor=WyJhY3RpdmUiLCItMSIsIjEiXQ"),
    (ACTIVE, "limit=1001"),
    (ACTIVE, "limit=-1"),
    (ACTIVE, "cursor=WyJhY3RpdmUiLCJOYU4iLCIxIl0"),
]


@pytest.mark.parametrize(("route", "query"), BAD_QUERIES)
def test_bad_queries_are_named(clinic_api: Api, route: str, query: str) -> None:
    before = clinic_api.connections_taken()
    answer = clinic_api.get(f"{route.format('org_a')}?{query}")
    errors = problem(answer, 422)["errors"]
    assert isinstance(errors, list)
    assert [error["name"] for error in errors] == [query.partition("=")[0]]
    assert clinic_api.connections_taken() == before


def test_the_allowed_values_are_told(clinic_api: Api) -> None:
    answer = clinic_api.get(LIST.format("org_a"), params={"risk_level": "urgent", "limit": "900"})
    by_name = {error["name"]: error for error in answer.json()["errors"]}
    assert by_name["risk_level"]["allowed"] == ["critical", "high", "medium", "low", "engaged", "all"]
    assert by_name["limit"]["limits"] == {"le": 200}
    params = {"metrics": ["risk_levels", "all"], "period": "1w"}
    answer = clinic_api.get(TRENDS.format("org_a"), params=params)
    told = {error["name"]: error["allowed"] for error in answer.json()["errors"]}
    assert told == {
        "metrics.1": ["risk_levels", "success_rates", "channel_performance"],
        "period": ["7d", "30d", "90d", "6m", "1y"],
    }


@pytest.mark.parametrize(
    "query", ["search=%ED%A0%80", "search=%FF%FE", "search=%F0%9F%92%A9", "search=%25_%27%22"]
)
def test_odd_text_is_just_not_found(clinic_api: Api, query: str) -> None:
    answer = clinic_api.get(f"{LIST.format('org_a')}?{query}")
    assert (answer.status_code, answer.json()["patients"]) == (200, [])


@pytest.mark.parametrize("name", ["%00", "org_a%2F..", "%ED%A0%80", "'--", "x" * 5000])
def test_odd_organizations_are_not_yours(clinic_api: Api, name: str) -> None:
    assert clinic_api.get(f"/api/v1/reengagement/{name}/risk-metrics").status_code in {403, 404}


def test_methods_and_paths(clinic_api: Api) -> None:
    wrong = clinic_api.client.delete(RISK.format("org_a"), headers=clinic_api.clerk.bearer())
    problem(wrong, 405)
    assert wrong.headers["allow"] == "GET"
    problem(clinic_api.get("/api/v1/reengagement/org_a"), 404)
    problem(clinic_api.get(RISK.format("org_a") + "/"), 404)


def test_a_large_body_is_refused_by_its_announced_length(clinic_api: Api) -> None:
    answer = clinic_api.client.post(
        SYNC.format("org_a"),
        headers=clinic_api.clerk.bearer("org_a", role="admin"),
        content=b"x" * 10_000_000,
    )
    problem(answer, 413)


def test_a_large_body_in_chunks_is_not_taken_in() -> None:
    app = FastAPI(middleware=[Middleware(Envelope)])
    install_handlers(app)

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    with serve(app, free_port()) as url:
        chunks = (b"x" * 10_000 for _ in range(100))
        problem(httpx.post(f"{url}/read", content=chunks), 413)
        assert httpx.post(f"{url}/read", content=(b"x" for _ in range(10))).json() == 10
