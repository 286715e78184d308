"""Whether ports are free before, and whether everything answers after processes are started."""

import socket
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from operations.errors import CommandError
from operations.supervision.configuration import Program
from operations.supervision.supervisor import Supervisor
from orchestration.settings import DagsterWebSettings

PATIENCE_SECONDS = 180
WORKSPACE = """{
  workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    __typename ... on PythonError { message } } } } }
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
}"""


def check_ports_free(programs: Iterable[Program], supervisor: Supervisor) -> None:
    """See that each program can have its port; our own processes may hold it already.

    Raises:
        CommandError: a port is taken by another program; the message names its setting.
    """
    for program in programs:
        if program.port is None or _is_free(program.port) or supervisor.listens_on(program.port):
            continue
        raise CommandError(
            f"port {program.port} (for {program.name}) is taken by another program; "
            f"set {program.port_setting} to a free port"
        )


def wait_until_all_answer(
    programs: Iterable[Program], supervisor: Supervisor, answers: Mapping[str, Callable[[], bool]]
) -> None:
    """Wait for every program to be up, by what `answers` asks of it.

    Raises:
        CommandError: one gave up, or did not answer in time; the message names its log.
    """
    waiting = {program.name for program in programs}
    until = time.monotonic() + PATIENCE_SECONDS
    while waiting:
        states = {process.name: process.state for process in supervisor.processes()}
        for name in sorted(waiting):
            log = supervisor.layout.logs / f"{name}.log"
            if states.get(name) == "FATAL":
                raise CommandError(f"{name} does not stay up; its log is {log}")
            if time.monotonic() > until:
                raise CommandError(f"{name} did not answer within {PATIENCE_SECONDS} s; its log is {log}")
            if states.get(name) == "RUNNING" and (name not in answers or answers[name]()):
                waiting.discard(name)
        if waiting:
            time.sleep(0.3)


def http_answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code < 500
    except httpx.HTTPError:
        return False


def dagster_answers(web: DagsterWebSettings) -> bool:
    """The web page is there, it takes the operator's login, and it has loaded our code."""
    workspace = _ask_dagster(web).get("workspaceOrError", {})
    loaded = [entry["locationOrLoadError"] or {} for entry in workspace.get("locationEntries", [])]
    return bool(loaded) and all(entry.get("__typename") == "RepositoryLocation" for entry in loaded)


def daemons_healthy(web: DagsterWebSettings) -> bool:
    health = _ask_dagster(web).get("instance", {}).get("daemonHealth", {})
    statuses = health.get("allDaemonStatuses", [])
    return bool(statuses) and all(status["healthy"] for status in statuses if status["required"])


def _ask_dagster(web: DagsterWebSettings) -> dict[str, Any]:
    """The answer of the web page's GraphQL; empty while it is not there."""
    try:
        url = f"http://127.0.0.1:{web.dagster_port}/graphql"
        login = web.login
        answer = httpx.post(
            url, json={"query": WORKSPACE}, auth=(login["user"], login["password"]), timeout=10
        )
        return dict(answer.json()["data"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return {}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
