"""`make demo` where real clinics are: refused before anything is started or written."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.clinics import FIRST, SECOND
from demo.home import require_demo_home
from operations.errors import CommandError
from tests.conftest import free_port
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings, ensure_secrets

HERE, REAL = "http://127.0.0.1:8091/v1", "https://api.au1.cliniko.com/v1"


def lead_to(settings: Settings, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("DATABASE_URL", raising=False)
    patch.setenv("ROUTIQ_HOME", str(settings.home))
    patch.setenv("ROUTIQ_POSTGRES_PORT", str(settings.postgres_port))
    patch.setenv("ROUTIQ_DATABASE_NAME", settings.database_name)


def files(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_home_that_is_not_there_is_left_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTIQ_HOME", str(tmp_path / "home"))
    require_demo_home()
    assert not (tmp_path / "home").exists()


def test_the_demos_own_clinics_are_no_strangers(warehouse: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lead_to(warehouse, monkeypatch)
    require_demo_home()
    add_organization(warehouse, FIRST.organization_id, "F", HERE, Secret("sandbox-key-au1"))
    require_demo_home()


@pytest.mark.parametrize(("name", "base_url"), [("org_other", HERE), (SECOND.organization_id, REAL)])
def test_whoever_else_is(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch, name: str, base_url: str
) -> None:
    lead_to(warehouse, monkeypatch)
    add_organization(warehouse, name, "N", base_url, Secret("sandbox-key-au1"))
    with pytest.raises(CommandError, match=name):
        require_demo_home()


def test_a_database_that_cannot_be_seen_is_no_demos(
    warehouse: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_to(warehouse, monkeypatch)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{free_port()}/routiq")
    with pytest.raises(CommandError, match="ROUTIQ_HOME"):
        require_demo_home()


@pytest.fixture
def at_rest(tmp_path: Path) -> Iterator[Settings]:
    """A real installation that is not running."""
    home = tmp_path / "home"
    secrets_file = ensure_secrets(home)
    settings = Settings(home=home, postgres_port=free_port(), DATABASE_URL=None, _env_file=secrets_file)  # type: ignore[call-arg]
    server = embedded_server(settings)
    try:
        prepare_warehouse(settings)
        add_organization(settings, "org_real", "Real", REAL, Secret("sandbox-key-au1"))
        server.stop()
        yield settings
    finally:
        server.remove()


def test_nothing_of_a_real_home_is_started_or_written(
    at_rest: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead_to(at_rest, monkeypatch)
    before = files(at_rest.home)
    for name in ("API", "DAGSTER", "DOCS", "CLINIKO", "CLERK"):
        monkeypatch.setenv(f"ROUTIQ_{name}_PORT", str(free_port()))
    command = [sys.executable, "-m", "demo", "--detach"]
    refused = subprocess.run(
        command, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
    )
    assert refused.returncode == 1
    assert "org_real" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not embedded_server(at_rest).is_running()
    if os.geteuid() == 0:  # else the cluster lies in the home, and a server that is started writes
        assert files(at_rest.home) == before
    assert not (at_rest.home / "run").exists()
    assert not (at_rest.home / "demo").exists()
