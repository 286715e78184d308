"""What supervisord is told: one file for itself, one for each program. Writing only; nothing runs here."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A unix socket's path may have 107 characters; what supervisord appends to it while binding counts too.
LONGEST_SOCKET_PATH = 90
SETTINGS = ("ROUTIQ_", "DATABASE_URL", "DAGSTER_")


@dataclass(frozen=True)
class Program:
    """A process to keep running. `port_setting` names the setting of the port it listens on, if any.

    Its environment is the supervisor's: supervisord has no way to write every value in its files.
    """

    name: str
    command: tuple[str, ...]
    port: int | None = None
    port_setting: str = ""

    def configuration(self, logs: Path) -> str:
        return f"""\
[program:{self.name}]
command={" ".join(_quoted(part) for part in self.command)}
directory={_escaped(str(Path.cwd()))}
autorestart=true
startsecs=2
startretries=20
stopwaitsecs=6
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={_escaped(str(logs / self.name))}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


@dataclass(frozen=True)
class Layout:
    """The files of one home: `run/` for what is true while things run, `logs/` for what they said."""

    home: Path

    @property
    def run(self) -> Path:
        return self.home.resolve() / "run"

    @property
    def logs(self) -> Path:
        return self.home.resolve() / "logs"

    @property
    def configuration(self) -> Path:
        return self.run / "supervisord.conf"

    @property
    def programs(self) -> Path:
        return self.run / "programs"

    @property
    def pid_file(self) -> Path:
        return self.run / "supervisord.pid"

    def socket(self, name: str) -> Path:
        """The path of a unix socket; a home with a long path has its sockets in the temporary folder."""
        path = self.run / f"{name}.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(str(self.run).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"routiq-{os.geteuid()}-{digest}" / f"{name}.sock"

    def make(self) -> None:
        """Make the folders, all closed to others.

        Raises:
            PermissionError: the folder of the sockets belongs to somebody else.
        """
        for folder in (self.run, self.logs, self.programs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sockets = self.socket("supervisor").parent
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets.stat().st_uid != os.geteuid():
            raise PermissionError(f"{sockets} belongs to somebody else; set ROUTIQ_HOME to a shorter path")

    def remove_sockets(self) -> None:
        sockets = self.socket("supervisor").parent
        if sockets != self.run:
            shutil.rmtree(sockets, ignore_errors=True)


def write_supervisor(layout: Layout, environment: Mapping[str, str]) -> bool:
    """Write supervisord's own file; returns whether it differs from the one that was there.

    It holds a digest of our settings and secrets, so that a change of them is seen to need a restart.
    """
    layout.make()
    ours = sorted(item for item in environment.items() if item[0].startswith(SETTINGS))
    digest = hashlib.sha256(repr(ours).encode()).hexdigest()
    user = "user=root" if os.geteuid() == 0 else ""
    text = f"""\
; environment {digest}
[supervisord]
logfile={_escaped(str(layout.logs / "supervisord.log"))}
logfile_maxbytes=10MB
logfile_backups=3
pidfile={_escaped(str(layout.pid_file))}
umask=077
{user}

[unix_http_server]
file={_escaped(str(layout.socket("supervisor")))}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files=programs/*.conf
"""
    return _write(layout.configuration, text)


def write_program(layout: Layout, program: Program) -> bool:
    return _write(layout.programs / f"{program.name}.conf", program.configuration(layout.logs))


def python(*arguments: str) -> tuple[str, ...]:
    """A command of this environment's Python."""
    return (sys.executable, *arguments)


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text() == text:
        return False
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
    return True


def _escaped(value: str) -> str:
    return value.replace("%", "%%")  # `%` starts an expansion


def _quoted(part: str) -> str:
    return f'"{_escaped(part)}"' if " " in part else _escaped(part)
