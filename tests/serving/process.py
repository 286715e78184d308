"""`python -m serving` as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.serving.conftest import PARTY, Clerk
from warehouse.settings import Settings


def environment(warehouse: Settings, clerk: Clerk, port: int) -> dict[str, str]:
    passwords = {
        f"ROUTIQ_{role.upper()}_PASSWORD": getattr(warehouse, f"{role}_password").get_secret_value()
        for role in ("admin", "owner", "loader", "api", "operator")
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return (
        kept
        | passwords
        | {
            "ROUTIQ_HOME": str(warehouse.home),
            "DATABASE_URL": warehouse.url("admin"),
            "ROUTIQ_MASTER_KEY": warehouse.master_key.get_secret_value(),
            "ROUTIQ_API_PORT": str(port),
            "ROUTIQ_CLERK_ISSUER": clerk.url,
            "ROUTIQ_CLERK_AUTHORIZED_PARTIES": PARTY,
            "ROUTIQ_ALLOW_LOOPBACK_ISSUER": "1",
        }
    )


def run(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "serving", *arguments],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
