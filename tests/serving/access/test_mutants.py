"""Each way of breaking the guard is noticed: a check that holds for the product fails for the mutant."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, LiteralString

import psycopg
import pytest
from fastapi import Depends
from pydantic import SecretStr

from serving.access.caller import Member
from serving.access.guard import Guard
from serving.data.asking import ask
from serving.data.database import Database, DatabaseError
from serving.data.framing import statement
from serving.data.reply import Reply
from serving.data.route import Data, data_router
from serving.data.tenancy import TenantIsolation, TenantIsolationError
from tests.serving.access.forgeries import REFUSED, bearer, header, later, sign
from tests.serving.access.mutants import MUTANTS, mutated
from tests.serving.checks import without_isolation
from tests.serving.conftest import CLERK_KEY, Api, Clerk, run_api, settings_for, wait_for
from tests.serving.routes import HEALTH, LIST, RISK, SYNC
from warehouse.settings import Settings

Check = Callable[[Settings, Clerk], None]
FORGED = (
    *("alg none", "alg RS512", "signed by a stranger", "other payload", "expired", "not yet"),
    *("longer than an hour", "another issuer", "another party", "cat of a machine", "pending"),
    "cat that tells nothing, no session",
    *("version 2 with org_id", "version 1 with o"),
)


@contextmanager
def desk(clinics: Settings, clerk: Clerk) -> Iterator[Api]:
    """An API that keeps answers, has two requests of the sync tier an hour, and mirrors Clerk."""
    mirror = {"clerk_api_url": f"{clerk.url}/v1", "clerk_secret_key": SecretStr(CLERK_KEY)}
    settings = settings_for(clinics, clerk, api_cache_megabytes=8, limit_sync=2, **mirror)
    with run_api(settings, clerk) as api:
        wait_for(lambda: api.services.database.versions.current("org_a") is not None)
        yield api


def nothing_is_carried_over(clinics: Settings, _clerk: Clerk) -> None:
    async def carried() -> str:
        database = Database(clinics.url("api"), 1)
        await database.open()
        await database.read("org_a", "select 1 as one", {})
        async with database._connection() as connection:
            setting = "select coalesce(current_setting('app.organization_id', true), '') as setting"
            row = await (await connection.execute(setting)).fetchone()
        await database.close()
        return str(row and row["setting"])

    assert asyncio.run(carried()) == ""


def headers_only_agree(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        for path in (RISK.format("org_a"), RISK.format("org_b")):
            assert api.get(path, headers={"x-organization-id": "org_b"}).status_code == 403
        assert api.get(RISK.format("org_a"), headers={"x-organization-id": "org_a"}).status_code == 200


def paths_only_agree(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        assert api.get(RISK.format("org_b")).status_code == 403


def bodies_only_agree(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        other = {"organization_id": "org_b"}
        headers = clerk.bearer("org_a", role="admin")
        answer = api.client.post("/api/v1/admin/clerk/sync", json=other, headers=headers)
        assert answer.status_code == 403


def members_do_not_sync(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        answer = api.client.post(SYNC.format("org_a"), headers=clerk.bearer("org_a", role="member"))
        assert answer.status_code == 403


def members_see_their_own(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        assert api.get(HEALTH).json()["overall_metrics"]["total_organizations"] == 1


def answers_are_its_own(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        for name in ("org_a", "org_b", "org_a"):
            assert api.get(RISK.format(name), name).json()["organization_id"] == name


def strangers_learn_nothing(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        etag = api.get(RISK.format("org_a")).headers["etag"]
        answer = api.client.get(RISK.format("org_a"), headers={"If-None-Match": etag})
        assert answer.status_code == 401


def limits_are_its_own(clinics: Settings, clerk: Clerk) -> None:
    """Asked for by members, who may not: what is refused counts too."""
    with desk(clinics, clerk) as api:

        def ask(name: str) -> int:
            headers = clerk.bearer(name, role="member")
            return api.client.post(SYNC.format(name), headers=headers).status_code

        assert [ask("org_a") for _ in range(3)] == [403, 403, 429]
        assert ask("org_b") == 403


def views_are_written_down(clinics: Settings, clerk: Clerk) -> None:
    name = f"check-{time.monotonic_ns()}"
    with desk(clinics, clerk) as api:
        shown = api.get(LIST.format("org_a"), headers={"X-Request-Id": name}).json()["patients"]
    with psycopg.connect(clinics.url("owner")) as connection:
        rows = connection.execute(
            "select patient_ids from app.audit_log where request_id = %s", [name]
        ).fetchall()
    assert rows == [([patient["id"] for patient in shown],)]
    assert shown


def forgetful_routes_are_written_down(clinics: Settings, clerk: Clerk) -> None:
    """A route whose handler says nothing of the audit, though its answer names somebody."""
    router = data_router("/api/v1/reengagement/{org_id}/forgetful", "reengagement")
    row = "select '{101}'::text[] as patient_ids"
    question: LiteralString = statement(
        "data/answer.sql", body="json_build_object()", next_key="null", row=row
    )

    @router.get("", response_model=None)
    async def forgetful(
        caller: Annotated[Member, Depends(Guard(tier="regular", role="member"))], data: Data
    ) -> Reply:
        return Reply(await ask(data, caller, question, {}))

    name = f"check-{time.monotonic_ns()}"
    with desk(clinics, clerk) as api:
        api.app.include_router(router)
        path = "/api/v1/reengagement/org_a/forgetful"
        assert api.get(path, headers={"X-Request-Id": name}).status_code == 200
    with psycopg.connect(clinics.url("owner")) as connection:
        rows = connection.execute(
            "select patient_ids from app.audit_log where request_id = %s", [name]
        ).fetchall()
    assert rows == [(["101"],)]


def no_record_no_answer(clinics: Settings, clerk: Clerk) -> None:
    async def refuse(*_: object) -> None:
        raise DatabaseError("InsufficientPrivilege")

    with desk(clinics, clerk) as api:
        api.services.audit.write = refuse  # type: ignore[method-assign, assignment]
        answer = api.get(LIST.format("org_a"))
        assert answer.status_code == 503
        assert "Pat" not in answer.text


def forgeries_are_refused(clinics: Settings, clerk: Clerk) -> None:
    with desk(clinics, clerk) as api:
        forged = {kind: REFUSED[kind](clerk) for kind in FORGED}
        forged["RS384 by its header"] = bearer(sign(clerk, header(clerk, alg="RS384")))
        forged["valid in half a minute"] = later(nbf=30)(clerk)
        taken = [
            kind
            for kind, headers in forged.items()
            if api.client.get(RISK.format("org_a"), headers=headers).status_code != 401
        ]
        assert taken == []


def algorithms_are_not_chosen(_clinics: Settings, clerk: Clerk) -> None:
    from serving.access.tokens import TokenRefused, read_header  # noqa: PLC0415 - the mutant's, while there is one

    with pytest.raises(TokenRefused):
        read_header(sign(clerk, header(clerk, alg="RS384")))


def critical_headers_are_refused(_clinics: Settings, clerk: Clerk) -> None:
    from serving.access.tokens import TokenRefused, read_header  # noqa: PLC0415 - as above

    with pytest.raises(TokenRefused):
        read_header(sign(clerk, header(clerk, crit=["oiat"], oiat=1_800_000_000)))


def no_answer_through_a_hole(clinics: Settings, _clerk: Clerk) -> None:
    with without_isolation(clinics, "marts.active_patients"), pytest.raises(TenantIsolationError):
        asyncio.run(TenantIsolation(clinics.url("api")).require())


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        *(nothing_is_carried_over, headers_only_agree, paths_only_agree, bodies_only_agree),
        *(members_do_not_sync, members_see_their_own, answers_are_its_own, strangers_learn_nothing),
        *(limits_are_its_own, views_are_written_down, forgetful_routes_are_written_down),
        *(no_record_no_answer, forgeries_are_refused),
        *(algorithms_are_not_chosen, critical_headers_are_refused, no_answer_through_a_hole),
    )
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_product_passes(clinics: Settings, clerk: Clerk, name: str) -> None:
    CHECKS[name](clinics, clerk)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_is_noticed(clinics: Settings, clerk: Clerk, name: str) -> None:
    mutant = MUTANTS[name]
    with mutated(mutant), pytest.raises((AssertionError, pytest.fail.Exception)):
        CHECKS[mutant.noticed_by](clinics, clerk)
