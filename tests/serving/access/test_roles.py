"""Roles of an instance's own: what the setting says they are, and nothing without it."""

import json

import pytest
from pydantic import ValidationError

from tests.serving.conftest import Clerk, run_api, settings, settings_for
from tests.serving.routes import RISK, SYNC
from warehouse.settings import Settings

WRITTEN = "receptionist=member, org:owner=admin"


@pytest.mark.parametrize("version", [1, 2])
def test_they_are_what_the_setting_says(clinics: Settings, clerk: Clerk, version: int) -> None:
    def status(method: str, path: str, role: str) -> int:
        headers = clerk.bearer("org_a", role=role, version=version)
        return api.client.request(method, path.format("org_a"), headers=headers).status_code

    own = settings(clerk_roles=WRITTEN).clerk_roles
    assert own == {"receptionist": "member", "owner": "admin"}
    with run_api(settings_for(clinics, clerk, clerk_roles=own), clerk) as api:
        assert [status("GET", RISK, role) for role in ("receptionist", "owner")] == [200, 200]
        assert [status("POST", SYNC, role) for role in ("receptionist", "owner")] == [403, 200]
        assert [status("GET", RISK, role) for role in ("member", "admin")] == [200, 200]
        assert [status("GET", RISK, role) for role in ("Owner", "owners", "org")] == [403, 403, 403]


def test_the_environment_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTIQ_CLERK_ROLES", WRITTEN)
    assert settings().clerk_roles == {"receptionist": "member", "owner": "admin"}


def test_an_unknown_one_is_refused_and_the_log_says_which(
    clinics: Settings, clerk: Clerk, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_api(settings_for(clinics, clerk), clerk) as api:
        headers = clerk.bearer("org_a", role="receptionist", subject="user_whose_token_it_is")
        refused = api.client.get(RISK.format("org_a"), headers=headers)
    assert refused.status_code == 403
    assert "receptionist" not in refused.text
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "role_unknown" in line]
    assert [line["role"] for line in lines] == ["receptionist"]
    assert "user_whose_token_it_is" not in str(lines)


@pytest.mark.parametrize(
    "written",
    ["receptionist", "receptionist=", "=member", "receptionist=owner", "a=member,a=admin", "org:=admin"],
)
def test_a_setting_that_says_nothing_is_an_error(written: str) -> None:
    with pytest.raises(ValidationError, match="ROUTIQ_CLERK_ROLES"):
        settings(clerk_roles=written)
