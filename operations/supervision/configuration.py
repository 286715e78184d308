"""What supervisord is told: one file for itself, one for each program. Writing only; nothing runs here."""

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warehouse.home import Layout

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
