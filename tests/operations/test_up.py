"""`routiq up`, `status`, `down` as typed, on a home of the test's own; also after everything was killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from operations.supervision.supervisor import Supervisor
from tests.conftest import free_port
from warehouse.bootstrap import embedded_server
from warehouse.organizations import add_organization
from warehouse.sealing import Secret
from warehouse.settings import Settings

SIGN_IN = {
    "ROUTIQ_CLERK_ISSUER": "http://127.0.0.1:1",
    "ROUTIQ_CLERK_AUTHORIZED_PARTIES": "http://localhost:8000",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    ports = {name: str(free_port()) for name in ("POSTGRES", "API", "DAGSTER", "DOCS")}
    home = tmp_path_factory.mktemp("up") / "home"
    own = {
        "ROUTIQ_HOME": str(home),
        **SIGN_IN,
        **{f"ROUTIQ_{name}_PORT": port for name, port in ports.items()},
    }
    yield own
    Supervisor(home).stop()
    if (home / "secrets.env").exists():
        embedded_server(settings_of(own)).remove()


def settings_of(environment: dict[str, str]) -> Settings:
    return Settings(  # type: ignore[call-arg]
        home=Path(environment["ROUTIQ_HOME"]),
        postgres_port=int(environment["ROUTIQ_POSTGRES_PORT"]),
        DATABASE_URL=None,
        _env_file=Path(environment["ROUTIQ_HOME"]) / "secrets.env",
    )


def routiq(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from operations.cli import main; main()", *arguments]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ROUTIQ_")}
    return subprocess.run(
        command, env={**outside, **environment}, capture_output=True, text=True, check=False, timeout=280
    )


def status(environment: dict[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(routiq(environment, "status", "--json").stdout)
    return document


@pytest.mark.timeout(900)
def test_up_then_killed_then_up_then_down(environment: dict[str, str]) -> None:
    started = routiq(environment, "up", "--json")
    assert started.returncode == 0, started.stderr
    first = {process["name"]: process["pid"] for process in status(environment)["processes"]}
    assert {"api", "dagster-code", "dagster-daemon", "dagster-webserver", "docs"} <= first.keys()

    dagster, login = (json.loads(started.stdout)[name] for name in ("dagster", "dagster_login"))
    assert httpx.get(dagster, timeout=10).status_code == 401
    assert httpx.get(dagster, auth=(login["user"], login["password"]), timeout=10).status_code == 200

    site = httpx.get(json.loads(started.stdout)["dbt_docs"], timeout=10)
    assert "patient_reengagement_master_view" in site.text

    home = Path(environment["ROUTIQ_HOME"])
    only_home = {"ROUTIQ_HOME": str(home)}
    assert status(only_home)["database"] == {"answers": True}, "its ports are remembered"

    os.kill(int((home / "run" / "supervisord.pid").read_text()), signal.SIGKILL)
    server = embedded_server(settings_of(environment))
    os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert status(only_home)["database"] == {"answers": False}

    untold = routiq(only_home, "up")
    assert untold.returncode == 1
    assert "ROUTIQ_CLERK_ISSUER" in untold.stderr, "whose tokens are taken is never remembered"
    assert "CLERK_ISSUER" not in (home / "run" / "environment").read_text()

    repaired = routiq(only_home | SIGN_IN, "up", "--json")
    assert repaired.returncode == 0, repaired.stderr
    second = {process["name"]: process["pid"] for process in status(only_home)["processes"]}
    assert second.keys() == first.keys()
    assert not any(psutil.pid_exists(pid) for pid in first.values())

    account = Secret("sandbox-key-au1")
    add_organization(settings_of(environment), "org_real", "Real", "https://api.au1.cliniko.com/v1", account)
    refused = routiq(only_home | SIGN_IN, "up")
    assert refused.returncode == 1
    assert "org_real" in refused.stderr
    assert "ROUTIQ_ALLOW_LOOPBACK_ISSUER" in refused.stderr
    assert routiq(only_home | SIGN_IN | {"ROUTIQ_ALLOW_LOOPBACK_ISSUER": "1"}, "up").returncode == 0
    second = {process["name"]: process["pid"] for process in status(only_home)["processes"]}

    assert routiq(only_home, "down").returncode == 0
    assert not any(psutil.pid_exists(pid) for pid in second.values())
    assert not server.is_running()
    assert routiq(only_home, "down").returncode == 0, "nothing to stop is no error"


def test_up_says_which_setting_is_missing(tmp_path: Path) -> None:
    answered = routiq({"ROUTIQ_HOME": str(tmp_path / "empty")}, "up")
    assert answered.returncode == 1
    assert "ROUTIQ_CLERK_ISSUER" in answered.stderr


def test_a_command_before_up_says_what_to_do(tmp_path: Path) -> None:
    answered = routiq({"ROUTIQ_HOME": str(tmp_path / "empty")}, "status")
    assert answered.returncode == 1
    assert "routiq up" in answered.stderr
    assert "Traceback" not in answered.stderr
