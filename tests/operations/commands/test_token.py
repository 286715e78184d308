"""`routiq token`: one that the API would take, from the sandbox alone, for an organization that is known."""

from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from operations.cli import app
from tests.serving.conftest import run_clerk
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings


def test_it_names_what_the_api_wants_to_see(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_organization(settings, "org_a", "A", "http://127.0.0.1:1/v1", Secret("key-au1"))
    parties = "http://localhost:*,https://board.example.com,https://other.example.com"
    monkeypatch.setenv("ROUTIQ_CLERK_AUTHORIZED_PARTIES", parties)
    monkeypatch.setenv("ROUTIQ_OPERATORS", "user_operator")
    with run_clerk(tmp_path / "clerk") as clerk:
        monkeypatch.setenv("ROUTIQ_CLERK_ISSUER", clerk.url)
        words = ["token", "--org", "org_a", "--role", "admin", "--operator", "--minutes", "5"]
        printed = CliRunner().invoke(app, words)
    assert printed.exit_code == 0
    claims = jwt.decode(printed.stdout.strip(), options={"verify_signature": False})
    assert (claims["sub"], claims["azp"]) == ("user_operator", "https://board.example.com")
    assert claims["exp"] - claims["iat"] == 300


def test_nobody_is_asked_but_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTIQ_CLERK_ISSUER", "https://clerk.example.com")
    refused = CliRunner().invoke(app, ["token", "--org", "org_a"])
    assert refused.exit_code == 1
    assert "not the sandbox" in str(refused.exception)
