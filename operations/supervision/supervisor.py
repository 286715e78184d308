"""Keeps the processes running: one supervisord a ROUTIQ_HOME, found by its socket, repaired when half dead.

Everything that supervisord starts inherits `SUPERVISOR_SERVER_URL`, which names our socket. So what a killed
supervisord left behind can be found and stopped, and nothing else ever is.
"""

import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil

from operations.errors import CommandError
from operations.supervision.configuration import Program, write_program, write_supervisor
from warehouse.home import Layout

RUNNING = {"RUNNING", "STARTING"}
MARK = "SUPERVISOR_SERVER_URL"


@dataclass(frozen=True)
class ProcessState:
    """One program as supervisord sees it."""

    name: str
    state: str
    pid: int | None
    uptime_seconds: int


class Supervisor:
    """The supervisord of one home."""

    def __init__(self, home: Path) -> None:
        self.layout = Layout(home)

    @property
    def address(self) -> str:
        return f"unix://{self.layout.socket('supervisor')}"

    def is_running(self) -> bool:
        return self._ask("getState") is not None

    def processes(self) -> list[ProcessState]:
        """What it keeps running; empty when it does not run itself."""
        return [
            ProcessState(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"] or None,
                uptime_seconds=max(0, info["now"] - info["start"]) if info["pid"] else 0,
            )
            for info in self._ask("getAllProcessInfo") or []
        ]

    def ensure(self, programs: Iterable[Program], environment: Mapping[str, str]) -> None:
        """Have these programs running with this environment, beside those that were asked for before.

        Raises:
            CommandError: supervisord does not start.
        """
        programs = list(programs)
        changed = write_supervisor(self.layout, environment)
        for program in programs:
            write_program(self.layout, program)
        if self.is_running() and not changed:
            self._take_over_changes()
        else:
            self.stop_processes()
            self._start(environment)
        self._start_stopped({program.name for program in programs})

    def stop_processes(self) -> None:
        """Stop supervisord and all it started, also what an earlier one, now dead, left behind."""
        self._ask("shutdown")
        supervisors = [process for process in psutil.process_iter() if self._is_our_supervisor(process)]
        _, alive = psutil.wait_procs(supervisors, timeout=25)
        _end([*alive, *self._ours()])
        self.layout.pid_file.unlink(missing_ok=True)
        self.layout.socket("supervisor").unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop everything and forget which programs were asked for."""
        self.stop_processes()
        for path in self.layout.programs.glob("*.conf"):
            path.unlink()
        self.layout.remove_sockets()

    def _start(self, environment: Mapping[str, str]) -> None:
        started = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", self.layout.configuration],
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(100):
            if started.returncode != 0 or self.is_running():
                break
            time.sleep(0.1)
        if not self.is_running():
            raise CommandError(
                f"supervisord did not start: {started.stdout}{started.stderr}".strip()
                + f"; its log is {self.layout.logs / 'supervisord.log'}"
            )

    def _take_over_changes(self) -> None:
        """Let a running supervisord read its files again: new programs start, changed ones start anew."""
        [[added, changed, removed]] = cast("list[list[list[str]]]", self._ask("reloadConfig"))
        for name in [*changed, *removed]:
            self._ask("stopProcessGroup", name)
            self._ask("removeProcessGroup", name)
        for name in [*added, *changed]:
            self._ask("addProcessGroup", name)

    def _start_stopped(self, names: set[str]) -> None:
        for process in self.processes():
            if process.name in names and process.state not in RUNNING:
                self._ask("startProcess", process.name, False)

    def _ask(self, method: str, *arguments: object) -> Any:
        """Call supervisord; None when it is away or says no."""
        from supervisor.xmlrpc import SupervisorTransport  # noqa: PLC0415 - its import is slow

        transport = SupervisorTransport(None, None, serverurl=self.address)
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, xmlrpc.client.Error):
            return None
        finally:
            transport.close()

    def _is_our_supervisor(self, process: psutil.Process) -> bool:
        try:
            command = process.cmdline()
        except psutil.Error:
            return False
        return "supervisor.supervisord" in command and str(self.layout.configuration) in command

    def listens_on(self, port: int) -> bool:
        """Whether the port is taken by one of ours."""
        return any(port in _listening(process) for process in self._ours())

    def _ours(self) -> list[psutil.Process]:
        """Our programs and what they started, also those that no supervisord answers for any more."""
        own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
        return [
            process
            for process in psutil.process_iter()
            if process.pid not in own and _environment(process).get(MARK) == self.address
        ]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


def _listening(process: psutil.Process) -> set[int]:
    try:
        connections = process.net_connections(kind="tcp")
    except psutil.Error:
        return set()
    return {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}


def _end(processes: list[psutil.Process]) -> None:
    """Ask each to end, then make it. What is left behind has nobody to be graceful for."""
    for process in processes:
        _signal(process, "terminate")
    _, alive = psutil.wait_procs(processes, timeout=3)
    for process in alive:
        _signal(process, "kill")
    psutil.wait_procs(alive, timeout=5)


def _signal(process: psutil.Process, how: str) -> None:
    with suppress(psutil.NoSuchProcess):
        getattr(process, how)()
