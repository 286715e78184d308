"""Everything that `routiq up` starts, in its order, and `routiq down` stops. Each step is safe to run again.

secrets -> Postgres, schema -> dlt's and Dagster's tables, dbt manifest -> processes -> wait until all answer
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from dotenv import dotenv_values

from operations.environment import forget_environment, remember_environment
from operations.errors import CommandError
from operations.readiness import (
    check_ports_free,
    dagster_answers,
    http_answers,
    wait_until_all_answer,
)
from operations.settings import PlatformSettings
from operations.sign_in import require_fitting_issuer
from operations.supervision.configuration import Program, python
from operations.supervision.supervisor import Supervisor
from orchestration.dbt.docs_site import page_of, prepare_docs_site, site_folder
from orchestration.dbt.manifest import DbtError, is_current
from orchestration.instance import (
    code_socket,
    dagster_environment,
    prepare_dagster,
    workspace_file,
)
from orchestration.settings import DAGSTER_PASSWORD, DagsterWebSettings
from warehouse.bootstrap import embedded_server, prepare_warehouse
from warehouse.embedded import EmbeddedPostgresError
from warehouse.settings import HomeSettings, Settings, ensure_secrets

Say = Callable[[str], None]

QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DAGSTER_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
}


def programs(settings: Settings, platform: PlatformSettings) -> list[Program]:
    """The product's own processes: the API, Dagster (code server, daemon, web page), the docs site."""
    workspace = str(workspace_file(settings))
    return [
        Program("api", python("-m", "serving"), platform.api_port, "ROUTIQ_API_PORT"),
        Program(
            "dagster-code",
            python(
                *("-m", "dagster", "api", "grpc", "--socket", str(code_socket(settings))),
                *("--module-name", "orchestration.definitions", "--location-name", "routiq"),
                "--use-python-environment-entry-point",
            ),
        ),
        Program("dagster-daemon", python("-m", "dagster._daemon", "run", "--workspace", workspace)),
        Program(
            "dagster-webserver",
            python("-m", "orchestration.web"),
            platform.dagster_port,
            "ROUTIQ_DAGSTER_PORT",
        ),
        Program(
            "docs",
            python(
                *("-m", "http.server", "--bind", "127.0.0.1", "--directory", str(site_folder(settings.home))),
                str(platform.docs_port),
            ),
            platform.docs_port,
            "ROUTIQ_DOCS_PORT",
        ),
    ]


def process_environment(settings: Settings) -> dict[str, str]:
    """What the processes inherit: this environment, the secrets of the home, telemetry off."""
    secrets = {name: value or "" for name, value in dotenv_values(settings.home / "secrets.env").items()}
    own = {name: value for name, value in os.environ.items() if not name.startswith("SUPERVISOR_")}
    home = {"ROUTIQ_HOME": str(settings.home.resolve())}
    return {**secrets, **own, **QUIET, **dagster_environment(settings), **home}


def prepare(settings: Settings, say: Say) -> None:
    """Have Dagster's and dlt's tables made, and the docs site.

    Raises:
        CommandError: the dbt project cannot be parsed.
    """
    say("Dagster, dlt and dbt: preparing")
    with ThreadPoolExecutor() as pool:
        steps = [
            pool.submit(prepare_dagster, settings),
            pool.submit(prepare_docs_site, settings),
            pool.submit(_prepare_dlt, settings),
        ]
        try:
            for step in steps:
                step.result()
        except DbtError as error:
            raise CommandError(str(error)) from None


def is_prepared(settings: Settings) -> bool:
    """Whether an earlier start has left all that the processes need, given a running database."""
    return workspace_file(settings).exists() and is_current(settings.home) and page_of(settings.home).exists()


def prepare_database(settings: Settings) -> None:
    """Have Postgres running with the newest schema.

    Raises:
        CommandError: the server does not start, or another is in its place.
    """
    try:
        prepare_warehouse(settings)
    except EmbeddedPostgresError as error:
        raise CommandError(str(error)) from None


def check_ports(settings: Settings, wanted: list[Program]) -> None:
    """See that the programs can have their ports, after ending what a killed supervisor left on them.

    Raises:
        CommandError: a port is taken by a stranger.
    """
    supervisor = Supervisor(settings.home)
    with _one_at_a_time(settings.home):
        if not supervisor.is_running():
            supervisor.stop_processes()
        check_ports_free(wanted, supervisor)


def start(settings: Settings, wanted: list[Program]) -> Supervisor:
    """Have these programs running; returns at once, before they answer.

    Raises:
        CommandError: supervisord does not start.
    """
    supervisor = Supervisor(settings.home)
    with _one_at_a_time(settings.home):
        remember_environment(settings.home)
        supervisor.ensure(wanted, process_environment(settings))
    return supervisor


def wait(settings: Settings, platform: PlatformSettings, supervisor: Supervisor) -> None:
    """Wait until the API, Dagster and the docs site answer.

    Raises:
        CommandError: one of them does not.
    """
    web = DagsterWebSettings.load()
    wait_until_all_answer(
        programs(settings, platform),
        supervisor,
        {
            "api": lambda: http_answers(f"http://127.0.0.1:{platform.api_port}/live"),
            "dagster-webserver": lambda: dagster_answers(web),
            "docs": lambda: http_answers(f"http://127.0.0.1:{platform.docs_port}/"),
        },
    )


def up(say: Say) -> tuple[Settings, PlatformSettings]:
    """All of it; returns the settings that it runs with.

    Raises:
        CommandError: something is in the way; the message says what and what to do.
    """
    ensure_secrets(HomeSettings().home, DAGSTER_PASSWORD)
    settings, platform = Settings.load(), PlatformSettings()
    platform.require_sign_in()
    wanted = programs(settings, platform)
    check_ports(settings, wanted)
    say("database: starting, bringing the schema up to date")
    prepare_database(settings)
    require_fitting_issuer(settings, platform)
    prepare(settings, say)
    say("processes: starting the API, Dagster and the docs site")
    wait(settings, platform, start(settings, wanted))
    return settings, platform


def down(home: Path) -> None:
    """Stop what was started for this home, and nothing else; no error when nothing runs.

    Raises:
        CommandError: the database does not stop.
    """
    if not home.exists():
        return
    with _one_at_a_time(home):
        Supervisor(home).stop()
        if (home / "secrets.env").exists() and (settings := Settings.load()).is_embedded:
            try:
                embedded_server(settings).stop()
            except EmbeddedPostgresError as error:
                raise CommandError(str(error)) from None
        forget_environment(home)


def _prepare_dlt(settings: Settings) -> None:
    from ingestion.pipeline import prepare_dlt  # noqa: PLC0415 - its import is slow

    prepare_dlt(settings)


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    """Two commands at once would each start a supervisord."""
    (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
