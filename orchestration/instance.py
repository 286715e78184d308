"""Dagster's own state: settings under `ROUTIQ_HOME/dagster`, tables in schema `dagster` of our Postgres."""

import json
import os
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy

from warehouse.home import Layout
from warehouse.settings import Settings

# How many may run at once. A build is also guarded by its own lock: a second one would only wait.
POOLS = {"sync": 4, "build": 1}


def dagster_environment(settings: Settings) -> dict[str, str]:
    """What every Dagster process needs. The password stays out of dagster.yaml, which the web page shows."""
    return {
        "DAGSTER_HOME": str(_home(settings)),
        "DAGSTER_DISABLE_TELEMETRY": "true",
        "ROUTIQ_OWNER_PASSWORD": settings.owner_password.get_secret_value(),
    }


def prepare_dagster(settings: Settings) -> None:
    """Write Dagster's settings, and make its tables and pools where they are missing. Safe to run again."""
    home = _home(settings)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(_yaml(_configuration(settings)))
    (home / "workspace.yaml").write_text(_yaml(_workspace(settings)))
    if not _has_storage(settings):
        _make_storage(settings)


def is_prepared(settings: Settings) -> bool:
    """Whether Dagster's settings and tables are all there, so that a command may use them."""
    return (_home(settings) / "dagster.yaml").exists() and _has_storage(settings)


def workspace_file(settings: Settings) -> Path:
    return _home(settings) / "workspace.yaml"


def code_socket(settings: Settings) -> Path:
    """Where the one code server listens that web page and daemon share."""
    return Layout(settings.home).socket("code")


def _home(settings: Settings) -> Path:
    return settings.home.resolve() / "dagster"


def _workspace(settings: Settings) -> dict[str, Any]:
    server = {"socket": str(code_socket(settings)), "location_name": "routiq"}
    return {"load_from": [{"grpc_server": server}]}


def _configuration(settings: Settings) -> dict[str, Any]:
    url = sqlalchemy.make_url(settings.url("owner"))
    return {
        "storage": {
            "postgres": {
                "postgres_db": {
                    "username": url.username,
                    "password": {"env": "ROUTIQ_OWNER_PASSWORD"},
                    "hostname": url.host,
                    "port": url.port or 5432,
                    "db_name": url.database,
                    "params": {**url.query, "options": "-csearch_path=dagster"},
                }
            }
        },
        # A queued sync should begin within seconds.
        "run_coordinator": {
            "module": "dagster.core.run_coordinator",
            "class": "QueuedRunCoordinator",
            "config": {"dequeue_interval_seconds": 1},
        },
        "run_launcher": {"module": "orchestration.run_launcher", "class": "WatchedRunLauncher"},
        "concurrency": {
            "runs": {"max_concurrent_runs": 6},
            "pools": {"granularity": "op", "default_limit": 1},
        },
        # A crashed run is tried again; one that failed by itself is not: the hour brings the next.
        "run_retries": {"enabled": True, "max_retries": 3, "retry_on_asset_or_op_failure": False},
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 180,
            "poll_interval_seconds": 15,
            "free_slots_after_run_end_seconds": 60,
        },
        "sensors": {"use_threads": True, "num_workers": 4},
        "retention": {
            "sensor": {"purge_after_days": {"skipped": 1, "success": 7, "failure": 30, "started": 7}},
            "schedule": {"purge_after_days": 30},
        },
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},  # no dialog that asks for an address
    }


def _yaml(document: object) -> str:
    return json.dumps(document, indent=2)  # every JSON document is a YAML one


def _has_storage(settings: Settings) -> bool:
    with psycopg.connect(settings.url("owner"), autocommit=True) as connection:
        connection.execute("create schema if not exists dagster")
        row = connection.execute("select to_regclass('dagster.concurrency_limits')").fetchone()
        if row is None or row[0] is None:
            return False
        limits = connection.execute('select concurrency_key, "limit" from dagster.concurrency_limits')
        return dict(limits.fetchall()) == POOLS


def _make_storage(settings: Settings) -> None:
    """Let Dagster make its tables, once and in one process: two at once would race."""
    os.environ.update(dagster_environment(settings))
    from dagster import DagsterInstance  # noqa: PLC0415 - its import takes seconds

    with DagsterInstance.get() as instance:
        storage = instance.event_log_storage
        for pool, limit in POOLS.items():
            storage.set_concurrency_slots(pool, limit)
        for pool in storage.get_concurrency_keys() - POOLS.keys():
            storage.delete_concurrency_limit(pool)
