"""Tokens that anybody on this machine can have show no patient who exists: neither at the start nor later."""

import psycopg
import pytest

from serving.access import issuer
from serving.data.strangers import STRANGERS
from tests.conftest import free_port
from tests.serving.conftest import Api, Clerk, run_api, settings, settings_for
from tests.serving.marts import add_organization, days_ago, make_relations
from tests.serving.process import environment, run
from tests.serving.routes import RISK
from warehouse.loopback import is_loopback_url
from warehouse.organizations import add_organization as add_account
from warehouse.sealing import Secret
from warehouse.settings import Settings

REAL = "https://api.au1.cliniko.com/v1"
ON_THIS_MACHINE = (
    "http://127.0.0.1:8091/v1",
    "http://localhost:8091/v1",
    "http://[::1]:80",
    "https://127.1.2.3/",
)
ELSEWHERE = (
    *(
        REAL,
        "http://127.0.0.1.evil.example.com/v1",
        "http://localhost.evil.example.com",
        "http://10.0.0.1/v1",
    ),
    *("http://127.0.0.1@evil.example.com/v1", "http://127.0.0.1:80@evil.example.com", "http://localhostx:1"),
    "https://evil.example.com/?http://127.0.0.1/",
)


def account(settings: Settings, organization_id: str, base_url: str) -> None:
    add_account(settings, organization_id, organization_id, base_url, Secret("sandbox-key-au1"))


def refused(api: Api) -> bool:
    answer = api.get(RISK.format("org_a"))
    assert answer.status_code in {200, 503}
    return answer.status_code == 503


@pytest.fixture
def demo(warehouse: Settings) -> Settings:
    """One loaded clinic whose Cliniko is on this machine."""
    make_relations(warehouse)
    add_organization(warehouse, "org_a", data_as_of=days_ago(0.1))
    account(warehouse, "org_a", ON_THIS_MACHINE[0])
    return warehouse


def test_the_demo_is_served_until_somebody_real_is_added(
    demo: Settings, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "HOLDS_SECONDS", 0)
    with run_api(settings_for(demo, clerk, allow_loopback_issuer=False), clerk) as api:
        assert not refused(api)
        account(demo, "org_real", REAL)
        assert refused(api)
        assert api.client.get("/ready").status_code == 503
    with run_api(settings_for(demo, clerk), clerk) as api:
        assert not refused(api), "it was said that this is meant"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"clerk_issuer": "http://127.0.0.1:8092"}, True),
        ({"clerk_issuer": "http://localhost:8092/"}, True),
        ({"clerk_jwks_url": "http://127.0.0.1:8092/.well-known/jwks.json"}, True),
        ({"clerk_issuer": "http://127.0.0.1:8092", "clerk_jwt_key": "pem"}, True),
        ({"clerk_jwks_url": "http://127.0.0.1:8092/jwks.json", "clerk_jwt_key": "pem"}, False),
        ({}, False),
    ],
)
def test_an_issuer_is_on_this_machine_when_its_keys_are(told: dict[str, str], expected: bool) -> None:
    assert settings(**told).has_loopback_issuer == expected


def test_the_api_does_not_start_beside_somebody_real(demo: Settings, clerk: Clerk) -> None:
    account(demo, "org_real", REAL)
    told = environment(demo, clerk, free_port()) | {"ROUTIQ_ALLOW_LOOPBACK_ISSUER": "0"}
    ended = run(environment=told)
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    assert "loopback_issuer_refused" in ended.stderr
    assert "org_real" in ended.stderr
    assert "ROUTIQ_ALLOW_LOOPBACK_ISSUER" in ended.stderr


@pytest.mark.parametrize("base_url", [*ON_THIS_MACHINE, *ELSEWHERE])
def test_whose_cliniko_is_on_this_machine(demo: Settings, base_url: str) -> None:
    account(demo, "org_b", base_url)
    with psycopg.connect(demo.url("operator")) as connection:
        row = connection.execute(STRANGERS).fetchone()
    assert row == (["org_b"] if base_url in ELSEWHERE else [],)
    assert is_loopback_url(base_url) == (base_url in ON_THIS_MACHINE)


def test_an_organization_without_an_account_is_not_the_demos(demo: Settings) -> None:
    with psycopg.connect(demo.url("owner")) as connection:
        connection.execute("insert into app.organizations (organization_id, name) values ('org_b', 'B')")
    with psycopg.connect(demo.url("operator")) as connection:
        assert connection.execute(STRANGERS).fetchone() == (["org_b"],)
