"""The sandbox's Clerk: tokens in Clerk's shapes, keys that outlive a restart, rotation."""

import stat
from pathlib import Path
from typing import Any

import httpx
import jwt

from sandbox.clerk.issuer import Issuer, KeyStore, TokenOrder
from tests.serving.conftest import run_clerk


def read(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_both_versions_name_the_organization_as_clerk_does(tmp_path: Path) -> None:
    issuer = Issuer("http://127.0.0.1:1", KeyStore(tmp_path))
    first = read(issuer.token(TokenOrder(organization_id="org_a", role="admin", version=1)))
    assert (first["org_id"], first["org_role"]) == ("org_a", "org:admin")
    assert not first.keys() & {"o", "v", "fea"}
    second = read(issuer.token(TokenOrder(organization_id="org_a", role="admin", version=2)))
    assert (second["v"], second["o"]["id"], second["o"]["rol"]) == (2, "org_a", "admin")
    assert not second.keys() & {"org_id", "org_role", "org_slug", "org_permissions"}


def test_the_header_has_what_clerks_has(tmp_path: Path) -> None:
    issuer = Issuer("http://127.0.0.1:1", KeyStore(tmp_path))
    headers = [jwt.get_unverified_header(issuer.token(TokenOrder())) for _ in range(6)]
    assert all(isinstance(header["oiat"], int) for header in headers)
    assert {"m" in header for header in headers} == {True, False}
    without = TokenOrder(header={"oiat": None, "m": None, "cat": None})
    assert jwt.get_unverified_header(issuer.token(without)).keys() == {"alg", "kid", "typ"}


def test_the_key_outlives_a_restart_and_nobody_else_reads_it(tmp_path: Path) -> None:
    home = tmp_path / "clerk"
    before = KeyStore(home).keys[-1]
    assert KeyStore(home).keys[-1].public() == before.public()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_the_key_set_shows_public_keys_only_and_follows_a_rotation(tmp_path: Path) -> None:
    with run_clerk(tmp_path) as clerk:
        url = f"{clerk.url}/.well-known/jwks.json"
        (old,) = httpx.get(url).json()["keys"]
        assert old.keys() == {"use", "kty", "kid", "alg", "n", "e"}
        httpx.post(f"{clerk.url}/_sandbox/rotate")
        assert len(httpx.get(url).json()["keys"]) == 2
        newest = httpx.post(f"{clerk.url}/_sandbox/rotate", params={"keep_old": False}).json()["kid"]
        assert [key["kid"] for key in httpx.get(url).json()["keys"]] == [newest]
        assert jwt.get_unverified_header(clerk.token())["kid"] == newest
