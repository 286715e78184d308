"""What the API would find of the issuer that is set: each fault with what to do, by asking it really."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import SecretStr

from serving.settings import ServingSettings
from serving.sign_in import Finding, examine
from tests.conftest import free_port
from tests.serving.access.forgeries import public_pem
from tests.serving.conftest import PARTY, Clerk, serve


def weak_key() -> dict[str, Any]:
    weak = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - what must be refused
    return jwt.algorithms.RSAAlgorithm.to_jwk(weak, as_dict=True) | {"kid": "1"}


def curve_key() -> dict[str, Any]:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    return jwt.algorithms.ECAlgorithm.to_jwk(curve, as_dict=True) | {"kid": "1"}


ANSWERS: dict[str, tuple[int, Callable[[], bytes], str]] = {
    "a page": (200, lambda: b"<html>sign in</html>", "no JSON"),
    "no text": (200, lambda: b"\xff\xfe", "no JSON"),
    "a list": (200, lambda: b"[]", "no key set"),
    "something else": (200, lambda: b'{"keys": "none"}', "no key set"),
    "no keys": (200, lambda: b'{"keys": []}', "no RSA key"),
    "keys of another kind": (200, lambda: json.dumps({"keys": [curve_key()]}).encode(), "no RSA key"),
    "a weak key": (200, lambda: json.dumps({"keys": [weak_key()]}).encode(), "2048 bits"),
    "not found": (404, lambda: b"{}", "does not show its keys"),
    "a redirect": (302, lambda: b"{}", "does not show its keys"),
    "too much": (200, lambda: b'{"keys": [' + b" " * 70_000 + b"]}", "too large"),
}


def told(monkeypatch: pytest.MonkeyPatch, **more: Any) -> list[Finding]:
    """As the environment would tell it."""
    values: dict[str, Any] = {
        "api_database_url": SecretStr("postgresql://nobody"),
        "operator_database_url": SecretStr("postgresql://nobody"),
        "clerk_authorized_parties": PARTY,
    }
    monkeypatch.setattr(ServingSettings, "load", classmethod(lambda cls: cls(**(values | more))))
    return examine()


def test_a_clerk_that_answers_is_well(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (clerk.url, f"{clerk.url}/"):
        (found,) = told(monkeypatch, clerk_issuer=url)
        assert found["remedy"] == ""
        assert "are taken" in found["detail"]
        assert PARTY in found["detail"]


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_issuer_that_shows_no_usable_key(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    status, body, reason = ANSWERS[kind]

    async def answer(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"location", b"http://127.0.0.1:1/")] if status == 302 else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body()})

    with serve(answer, free_port()) as url:
        (found,) = told(monkeypatch, clerk_issuer=url)
    assert reason in found["detail"]
    assert "ROUTIQ_CLERK_ISSUER" in found["remedy"]


def test_an_issuer_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = told(monkeypatch, clerk_issuer=f"http://127.0.0.1:{free_port()}")
    assert "cannot be reached (ConnectError)" in found["detail"]
    assert "ROUTIQ_CLERK_JWT_KEY" in found["remedy"]


def test_one_key_asks_nobody(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    away = "https://clerk.example.com"
    (found,) = told(monkeypatch, clerk_issuer=away, clerk_jwt_key=public_pem(clerk).decode())
    assert found["remedy"] == ""
    (found,) = told(monkeypatch, clerk_issuer=away, clerk_jwt_key="no key")
    assert "ROUTIQ_CLERK_JWT_KEY" in found["detail"]


@pytest.mark.parametrize(
    "party", ["app.example.com", "https://app.example.com/x", "https://", "app", "ftp://a"]
)
def test_a_party_that_no_browser_sends(clerk: Clerk, monkeypatch: pytest.MonkeyPatch, party: str) -> None:
    found = told(monkeypatch, clerk_issuer=clerk.url, clerk_authorized_parties=f"{PARTY},{party}")
    assert ["ROUTIQ_CLERK_AUTHORIZED_PARTIES" in one["remedy"] for one in found] == [True, False]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"clerk_issuer": ""}, "ROUTIQ_CLERK_ISSUER"),
        ({"clerk_authorized_parties": ""}, "ROUTIQ_CLERK_AUTHORIZED_PARTIES"),
        ({"clerk_issuer": "http://clerk.example.com"}, "ROUTIQ_CLERK_JWKS_URL must be https"),
        ({"clerk_roles": "receptionist"}, "ROUTIQ_CLERK_ROLES"),
        ({"clerk_authorized_parties": "http://localhost:*"}, "ROUTIQ_CLERK_AUTHORIZED_PARTIES"),
    ],
)
def test_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch, more: dict[str, str], name: str) -> None:
    (found,) = told(monkeypatch, **{"clerk_issuer": "https://clerk.example.com", **more})
    assert name in found["detail"]
    assert found["remedy"]
