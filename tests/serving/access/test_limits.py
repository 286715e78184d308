"""The hour's limit: exact at its edge, one for each organization and tier, told in headers."""

import asyncio
import time

from serving.access.limits import HOUR_MS, MemoryLimits, Standing, Tier
from tests.serving.conftest import Clerk, run_api, settings_for
from tests.serving.routes import RISK, SUMMARY, SYNC
from warehouse.settings import Settings

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def admit(limits: MemoryLimits, organization_id: str, tier: Tier) -> Standing:
    return asyncio.run(limits.admit(organization_id, tier))


def test_exact_at_the_edge_of_a_moving_window() -> None:
    now = 1_000_000.0
    limits = MemoryLimits({"admin": 3, "sync": 1, "regular": 1}, lambda: now)
    remaining = []
    for _ in range(3):
        remaining.append(admit(limits, "org_a", "admin").remaining)
        now += 10
    assert remaining == [2, 1, 0]
    refused = admit(limits, "org_a", "admin")
    assert (refused.admitted, refused.remaining, refused.reset) == (False, 0, 1_000_000 + HOUR_MS // 1000)
    now = refused.reset - 1
    assert not admit(limits, "org_a", "admin").admitted
    now = refused.reset
    assert admit(limits, "org_a", "admin").admitted
    assert not admit(limits, "org_a", "admin").admitted


def test_organizations_and_tiers_are_counted_apart() -> None:
    limits = MemoryLimits({"admin": 1, "sync": 1, "regular": 1})
    assert admit(limits, "org_a", "admin").admitted
    assert admit(limits, "org_a", "regular").admitted
    assert admit(limits, "org_b", "admin").admitted
    assert not admit(limits, "org_a", "admin").admitted


def test_over_http(clinics: Settings, clerk: Clerk) -> None:
    settings = settings_for(clinics, clerk, limit_regular=3, limit_admin=1)
    with run_api(settings, clerk) as api:
        path = RISK.format("org_a")
        for _ in range(20):
            assert api.client.get(path, headers={"Authorization": "Bearer x.y.z"}).status_code == 401
        first = api.get(path)
        etag = first.headers["etag"]
        answers = [
            first,
            api.get(path, headers={"If-None-Match": etag}),
            api.get(path, params={"limit": "x"}),
        ]
        assert [answer.status_code for answer in answers] == [200, 304, 422]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0"]
        refused = api.get(path)
        assert refused.status_code == 429
        assert [refused.headers[name] for name in NAMES[:2]] == ["3", "0"]
        assert 3590 <= int(refused.headers["retry-after"]) <= 3600
        assert abs(int(refused.headers["x-ratelimit-reset"]) - time.time() - 3600) < 10
        assert api.get(RISK.format("org_b"), "org_b").status_code == 200
        assert api.get(SUMMARY.format("org_a")).headers["x-ratelimit-limit"] == "1"
        forbidden = api.client.post(SYNC.format("org_a"), headers=clerk.bearer("org_a", role="member"))
        assert (forbidden.status_code, forbidden.headers["x-ratelimit-remaining"]) == (403, "99999")


def test_browsers_may_read_the_headers(clinics: Settings, clerk: Clerk) -> None:
    with run_api(settings_for(clinics, clerk), clerk) as api:
        answer = api.get(RISK.format("org_a"), headers={"Origin": "https://app.example.com"})
        exposed = answer.headers["access-control-expose-headers"].lower()
        assert all(name in exposed for name in NAMES)
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
        stranger = api.get(RISK.format("org_a"), headers={"Origin": "https://evil.example.com"})
        assert "access-control-allow-origin" not in stranger.headers
