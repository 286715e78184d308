"""Whoever is named is recorded, whether or not the handler thought of it."""

from collections.abc import Iterator
from typing import Annotated, Any, LiteralString

import psycopg
import pytest
from fastapi import Depends

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import ask
from serving.data.framing import framed
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from warehouse.settings import Settings

PATH = "/api/v1/reengagement/{org_id}/new"
NAMED: LiteralString = framed("select '{\"name\" : \"Pat\"}' as body, '{101,102}'::text[] as patient_ids")
NOBODY: LiteralString = framed("select '{\"names\" : []}' as body, '{}'::text[] as patient_ids")
Caller = Annotated[Member, Depends(Guard(tier="regular", role="member"))]

router = data_router(PATH, "reengagement")


@router.get("/forgetful", response_model=None)
async def forgetful(caller: Caller, data: Data) -> Reply:
    return Reply(await ask(data, caller, NAMED, {}))


@router.get("/nobody", response_model=None)
async def nobody(caller: Caller, data: Data) -> Reply:
    return Reply(await ask(data, caller, NOBODY, {}))


@router.get("/search", response_model=None)
async def search(caller: Caller, data: Data) -> Reply:
    return Reply(await ask(data, caller, NOBODY, {}), {"search": True})


@pytest.fixture(scope="module")
def new_api(clinics: Settings, clerk: Clerk) -> Iterator[Api]:
    with run_api(settings_for(clinics, clerk), clerk) as api:
        api.app.include_router(router)
        yield api


def recorded(clinics: Settings, request_id: str) -> list[dict[str, Any]]:
    with psycopg.connect(clinics.url("owner"), row_factory=psycopg.rows.dict_row) as connection:
        statement = "select route, patient_ids, query, outcome from app.audit_log where request_id = %s"
        return connection.execute(statement, [request_id]).fetchall()


def test_a_new_route_that_forgets_the_audit_is_recorded(new_api: Api, clinics: Settings) -> None:
    path = f"{PATH}/forgetful".format(org_id="org_a")
    shown = new_api.get(path, headers={"X-Request-Id": "first"})
    assert (shown.status_code, shown.text) == (200, '{"name" : "Pat"}')
    row = {
        "route": f"{PATH}/forgetful",
        "patient_ids": ["101", "102"],
        "query": {},
        "outcome": "shown",
    }
    assert recorded(clinics, "first") == [row]
    again = new_api.get(path, headers={"X-Request-Id": "again", "If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    assert recorded(clinics, "again") == [row | {"outcome": "not_modified"}]


def test_who_names_nobody_is_recorded_for_what_was_asked_only(new_api: Api, clinics: Settings) -> None:
    for name in ("nobody", "search"):
        path = f"{PATH}/{name}".format(org_id="org_a")
        assert new_api.get(path, headers={"X-Request-Id": name}).status_code == 200
    assert recorded(clinics, "nobody") == []
    assert [(row["patient_ids"], row["query"]) for row in recorded(clinics, "search")] == [
        ([], {"search": True})
    ]
