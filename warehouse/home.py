"""Where the files of one installation lie."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

# A unix socket's path may have 107 characters; what supervisord appends to it while binding counts too.
LONGEST_SOCKET_PATH = 90


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
