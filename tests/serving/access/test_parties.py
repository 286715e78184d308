"""Which pages may ask: as `azp` of a token and as origin of a browser, by one list."""

from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from demo.__main__ import PARTIES
from serving.access.parties import Parties
from tests.serving.conftest import Clerk, run_api, settings, settings_for
from tests.serving.routes import RISK
from warehouse.settings import Settings

HERE = tuple(PARTIES.split(","))
ALLOWED = ("http://localhost:5173", "http://127.0.0.1:3000", "http://localhost:65535", "http://localhost")
STRANGE = (
    *("https://localhost:3000", "http://localhost.evil.example.com:3000", "http://evil.example.com"),
    *("http://localhost:3000.evil.example.com", "http://user@localhost:3000", "http://localhost:"),
    *("http://127.0.0.1.evil.example.com", "http://127.0.0.2:3000", "http://127x0x0x1:3000", "null", ""),
    *("http://localhost:3000/x", "http://localhost:*", "http://localhost:123456", "http://localhost:3000\n"),
    *("http://LOCALHOST:3000", "http://localhost:\u0661", "http://[::1]:3000"),
)


@pytest.mark.parametrize("party", ALLOWED)
def test_any_port_of_this_machine(party: str) -> None:
    assert party in Parties.of(HERE)
    assert f"{party}/" in Parties.of(HERE)
    assert party not in Parties.of(["https://app.example.com"])


@pytest.mark.parametrize("party", STRANGE)
def test_nothing_that_only_looks_so(party: str) -> None:
    assert party not in Parties.of(HERE)


def test_only_the_host_that_is_written() -> None:
    assert "http://127.0.0.1:3000" not in Parties.of(["http://localhost:*"])


@pytest.mark.parametrize("written", ["https://app.example.com", "https://app.example.com/"])
def test_a_slash_tells_nothing(written: str) -> None:
    assert "https://app.example.com" in Parties.of([written])
    assert "https://app.example.com/" in Parties.of([written])
    assert "https://app.example.com//" not in Parties.of([written])


@pytest.mark.parametrize(
    ("party", "issuer"),
    [
        ("http://localhost:*", "https://clerk.example.com"),
        ("https://app.example.com:*", "http://127.0.0.1:8092"),
        ("https://*.example.com", "http://127.0.0.1:8092"),
        ("*", "http://127.0.0.1:8092"),
        ("http://localhost:*/", "https://clerk.example.com"),
    ],
)
def test_any_port_is_for_an_issuer_on_this_machine(party: str, issuer: str) -> None:
    with pytest.raises(ValidationError, match="ROUTIQ_CLERK_AUTHORIZED_PARTIES"):
        settings(clerk_authorized_parties=party, clerk_issuer=issuer)
    here = settings(clerk_authorized_parties=",".join(HERE), clerk_issuer="http://127.0.0.1:8092")
    assert here.clerk_authorized_parties == HERE


def preflight(client: httpx.Client, origin: str) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }
    return client.options(RISK.format("org_a"), headers=headers)


def test_a_browser_on_any_port_of_this_machine_may_ask(clinics: Settings, clerk: Clerk) -> None:
    own: dict[str, Any] = {"clerk_authorized_parties": (*HERE, "https://app.example.com/")}
    with run_api(settings_for(clinics, clerk, **own), clerk) as api:
        for origin in ("http://localhost:5173", "http://127.0.0.1:3000", "https://app.example.com"):
            allowed = preflight(api.client, origin)
            assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, origin)
            assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
            headers = clerk.bearer("org_a", authorized_party=origin) | {"Origin": origin}
            answer = api.client.get(RISK.format("org_a"), headers=headers)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
            unknown = api.client.get(RISK.format("org_a"), headers={"Origin": origin})
            assert (unknown.status_code, unknown.headers["access-control-allow-origin"]) == (401, origin)
        for origin in ("http://localhost.evil.example.com:80", "https://evil.example.com", "null"):
            refused = preflight(api.client, origin)
            assert refused.status_code == 400
            assert "access-control-allow-origin" not in refused.headers
            headers = clerk.bearer("org_a", authorized_party=origin) | {"Origin": origin}
            answer = api.client.get(RISK.format("org_a"), headers=headers)
            assert answer.status_code == 401
            assert "access-control-allow-origin" not in answer.headers
