"""What completes the environment of a command: `.env` of the working folder, and what is remembered.

The ports of what runs are remembered in `ROUTIQ_HOME/run/environment`, so that another shell, or the same one
without its exports, finds them again. The environment wins, then `.env`, then memory. Who may make tokens is
never remembered: it is said at each start, or nothing starts.
"""

import os
from pathlib import Path

from dotenv import dotenv_values

# What the processes must agree on with every later command. Nothing secret is remembered.
REMEMBERED = (
    "ROUTIQ_POSTGRES_PORT",
    "ROUTIQ_API_PORT",
    "ROUTIQ_DAGSTER_PORT",
    "ROUTIQ_DAGSTER_HOSTS",
    "ROUTIQ_DAGSTER_READ_ONLY",
    "ROUTIQ_DOCS_PORT",
    "ROUTIQ_CLINIKO_PORT",
    "ROUTIQ_CLERK_PORT",
)


def load_environment() -> None:
    """Complete the process's environment. Called once, before any settings are read."""
    for name, value in dotenv_values(".env").items():
        os.environ.setdefault(name, value or "")
    home = Path(os.environ.get("ROUTIQ_HOME", ".routiq"))
    for name, value in dotenv_values(_memory(home)).items():
        if name in REMEMBERED:
            os.environ.setdefault(name, value or "")


def remember_environment(home: Path) -> None:
    """Write down what later commands need to know; `forget_environment` ends it."""
    path = _memory(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text("".join(f"{name}='{os.environ[name]}'\n" for name in REMEMBERED if name in os.environ))


def forget_environment(home: Path) -> None:
    _memory(home).unlink(missing_ok=True)


def _memory(home: Path) -> Path:
    return home / "run" / "environment"
