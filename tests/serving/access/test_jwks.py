"""The keys: fetched seldom, shared, replaced on rotation, kept while the issuer is away."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.clerk.issuer import SigningKey
from serving.access.jwks import FetchedJwks, read_jwks
from tests.serving.access.forgeries import REFUSED
from tests.serving.conftest import Clerk, run_api, run_clerk, settings_for
from tests.serving.routes import RISK
from warehouse.settings import Settings

OLD = SigningKey("ins_old", rsa.generate_private_key(65537, 2048))
NEW = SigningKey("ins_new", rsa.generate_private_key(65537, 2048))


class FakeIssuer:
    """A key set, a clock, and how often it was asked."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = keys
        self.now = 1000.0
        self.asked = 0
        self.is_away = False
        self.fetched = FetchedJwks(self.fetch, lambda: self.now)

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise httpx.ConnectError("away")
        return json.dumps({"keys": [key.public() for key in self.keys]}).encode()


def run(scenario: Callable[[FakeIssuer], Awaitable[None]], *keys: SigningKey) -> FakeIssuer:
    async def play() -> FakeIssuer:
        issuer = FakeIssuer(*keys)
        await issuer.fetched.refresh()
        await scenario(issuer)
        return issuer

    return asyncio.run(play())


def test_a_known_key_needs_no_network() -> None:
    async def scenario(issuer: FakeIssuer) -> None:
        for _ in range(100):
            assert await issuer.fetched.find("ins_old") is not None

    assert run(scenario, OLD).asked == 1


def test_unknown_keys_cost_one_fetch_a_minute_however_many_ask_at_once() -> None:
    async def scenario(issuer: FakeIssuer) -> None:
        found = await asyncio.gather(*(issuer.fetched.find(f"ins_{number}") for number in range(50)))
        assert found == [None] * 50
        assert issuer.asked == 2
        issuer.now += 59
        await issuer.fetched.find("ins_unknown")
        assert issuer.asked == 2
        issuer.now += 1
        await issuer.fetched.find("ins_unknown")
        assert issuer.asked == 3

    run(scenario, OLD)


def test_all_who_wait_for_a_rotated_key_get_it_by_one_fetch() -> None:
    async def scenario(issuer: FakeIssuer) -> None:
        issuer.keys = (NEW,)
        found = await asyncio.gather(*(issuer.fetched.find("ins_new") for _ in range(50)))
        assert None not in found
        assert await issuer.fetched.find("ins_old") is None
        assert issuer.asked == 2

    run(scenario, OLD)


def test_keys_serve_for_a_day_while_the_issuer_is_away() -> None:
    async def scenario(issuer: FakeIssuer) -> None:
        issuer.is_away = True
        issuer.now += 24 * 3600 - 1
        await issuer.fetched.refresh()
        assert await issuer.fetched.find("ins_old") is not None
        issuer.now += 1
        assert await issuer.fetched.find("ins_old") is None
        assert not issuer.fetched.ready()

    run(scenario, OLD)


def weak() -> dict[str, Any]:
    return SigningKey("weak", rsa.generate_private_key(65537, 1024)).public()  # noqa: S505 - refused


@pytest.mark.parametrize(
    "document",
    [
        b"<html>",
        b"[]",
        b'{"keys": []}',
        b'{"keys": {"kid": 1}}',
        b'{"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]}',
        b'{"keys": [{"kty": "RSA", "kid": "a"}]}',
        json.dumps({"keys": [OLD.public() | {"use": "enc"}]}).encode(),
        json.dumps({"keys": [OLD.public() | {"alg": "RS512"}]}).encode(),
        json.dumps({"keys": [OLD.public() | {"d": "AQAB"}]}).encode(),
        json.dumps({"keys": [OLD.public() | {"kid": ""}]}).encode(),
        json.dumps({"keys": [weak()]}).encode(),
    ],
)
def test_what_is_no_key_set_replaces_none(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_jwks(document)


def test_rotation_and_a_flood_of_forgeries_on_the_running_api(clinics: Settings, tmp_path: Path) -> None:
    with run_clerk(tmp_path) as clerk, run_api(settings_for(clinics, clerk), clerk) as api:
        path = RISK.format("org_a")
        assert api.get(path).status_code == 200
        httpx.post(f"{clerk.url}/_sandbox/rotate", params={"keep_old": False})
        before = clerk.requests()
        assert api.get(path).status_code == 200
        for _ in range(100):
            headers = REFUSED["kid unknown"](clerk)
            assert api.client.get(path, headers=headers).status_code == 401
        assert clerk.requests() == before + 1


def test_the_api_serves_on_when_its_issuer_goes(clinics: Settings, tmp_path: Path) -> None:
    with ExitStack() as outlives, ExitStack() as goes:
        clerk = goes.enter_context(run_clerk(tmp_path))
        api = outlives.enter_context(run_api(settings_for(clinics, clerk), clerk))
        path, headers = RISK.format("org_a"), clerk.bearer("org_a")
        goes.close()
        with pytest.raises(httpx.ConnectError):
            clerk.requests()
        assert api.client.get(path, headers=headers).status_code == 200
        assert api.client.get(path, headers=REFUSED["kid unknown"](clerk)).status_code == 401


def test_without_any_key_nobody_can_be_known(clinics: Settings, clerk: Clerk) -> None:
    settings = settings_for(clinics, clerk, clerk_jwks_url="http://127.0.0.1:1/jwks.json")
    with run_api(settings, clerk, wait=False) as api:
        answer = api.get(RISK.format("org_a"))
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert api.client.get("/ready").status_code == 503
        assert api.client.get(RISK.format("org_a")).status_code == 401
