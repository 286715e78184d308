"""A supervisord of the test's own: started, changed, killed, repaired, stopped; nothing else is touched."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from operations.errors import CommandError
from operations.readiness import check_ports_free
from operations.supervision.configuration import Program, python
from operations.supervision.supervisor import Supervisor
from tests.conftest import free_port

LISTEN = "import socket,sys,time; s=socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(600)"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "home")
    yield supervisor
    supervisor.stop()


def listener(name: str, port: int) -> Program:
    return Program(name, python("-c", LISTEN, str(port)), port, f"ROUTIQ_{name.upper()}_PORT")


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


def pids(supervisor: Supervisor) -> dict[str, int | None]:
    return {process.name: process.pid for process in supervisor.processes()}


def eventually(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return held


def test_asking_again_keeps_what_runs_and_adds_what_is_new(supervisor: Supervisor) -> None:
    one, two = listener("one", free_port()), listener("two", free_port())
    supervisor.ensure([one], environment())
    first = pids(supervisor)
    supervisor.ensure([one, two], environment())
    assert pids(supervisor)["one"] == first["one"]
    assert pids(supervisor)["two"] is not None


def test_a_changed_program_or_setting_starts_anew(supervisor: Supervisor) -> None:
    supervisor.ensure([listener("one", free_port())], environment())
    first = pids(supervisor)
    supervisor.ensure([(changed := listener("one", free_port()))], environment())
    second = pids(supervisor)
    supervisor.ensure([changed], environment(ROUTIQ_OPERATORS="user_9"))
    assert len({first["one"], second["one"], pids(supervisor)["one"]}) == 3


def test_a_killed_supervisor_leaves_nothing_behind(supervisor: Supervisor) -> None:
    program = listener("one", free_port())
    supervisor.ensure([program], environment())
    orphan = psutil.Process(pids(supervisor)["one"])
    psutil.Process(int(supervisor.layout.pid_file.read_text())).kill()
    assert eventually(lambda: not supervisor.is_running())
    assert orphan.is_running()
    supervisor.ensure([program], environment())
    assert not orphan.is_running()
    assert [process.name for process in supervisor.processes()] == ["one"]


def test_stop_ends_ours_and_only_ours(supervisor: Supervisor) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        supervisor.ensure([listener("one", free_port())], environment())
        ours = psutil.Process(pids(supervisor)["one"])
        supervisor.stop()
        assert not ours.is_running()
        assert stranger.poll() is None
        stranger.kill()
    assert not supervisor.is_running()
    supervisor.stop()


def test_a_taken_port_is_named_with_its_setting(supervisor: Supervisor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(CommandError, match=rf"port {port} .* set ROUTIQ_ONE_PORT"):
            check_ports_free([listener("one", port)], supervisor)


def test_our_own_process_does_not_count_as_taken(supervisor: Supervisor) -> None:
    program = listener("one", free_port())
    supervisor.ensure([program], environment())
    assert program.port is not None
    assert eventually(lambda: supervisor.listens_on(program.port or 0))
    check_ports_free([program], supervisor)


def test_a_home_with_a_long_path_works(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / ("long" * 30) / "home")
    try:
        supervisor.ensure([listener("one", free_port())], environment())
        assert supervisor.is_running()
        sockets = supervisor.layout.socket("supervisor").parent
        assert sockets.stat().st_mode & 0o077 == 0
    finally:
        supervisor.stop()
    assert not sockets.exists()
