"""A backup is one file that pg_dump writes: everything the embedded server holds, of one instant.

The secrets are not in it: `ROUTIQ_HOME/secrets.env` is kept elsewhere, or whoever finds the file can open it.
Nor is who was erased after it was made: `ROUTIQ_HOME/erased-patients` is kept with the secrets.
A server that `DATABASE_URL` names is backed up as that server is.
"""

import os
import subprocess
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from warehouse.blanking import Erasure
from warehouse.bootstrap import embedded_server, ensure_database, ensure_roles, migrate
from warehouse.embedded import binaries
from warehouse.erasing import erase_the_gone, vacuum
from warehouse.settings import Settings


class BackupError(RuntimeError):
    """Nothing was changed; the message says what to do."""


def back_up(settings: Settings, path: Path) -> int:
    """Write a backup while everything goes on; returns its bytes. The file is whole, or not there.

    Raises:
        BackupError: the file is there already or cannot be written, or the server is not the embedded one.
        psycopg.OperationalError: the database is away.
    """
    _require_embedded(settings)
    with psycopg.connect(settings.url("admin"), connect_timeout=5):
        pass  # away: said before a file is made
    if path.exists():
        raise BackupError(f"{path} is there already; nothing is written over")
    draft = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BackupError(f"{draft} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            _run(settings, "pg_dump", "--format=custom", settings.database_name, stdout=file)
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return path.stat().st_size


def restore(settings: Settings, path: Path) -> list[Erasure]:
    """Fill the embedded server from a backup, also from one of an older version, and leave it running.

    Whoever was erased since it was made is erased again; returns of whom something was there.

    Raises:
        BackupError: there are organizations already, something is connected, or it is no whole backup.
        warehouse.embedded.EmbeddedPostgresError: the server does not start.
    """
    _require_embedded(settings)
    if not path.is_file():
        raise BackupError(f"there is no file {path}")
    _run(settings, "pg_restore", "--list", str(path), stdout=subprocess.DEVNULL)
    embedded_server(settings).start()
    ensure_database(settings)
    _require_empty(settings)
    _make_anew(settings)
    ensure_roles(settings)
    into = f"--dbname={settings.database_name}"
    _run(settings, "pg_restore", "--single-transaction", "--exit-on-error", into, str(path))
    migrate(settings)
    erasures = erase_the_gone(settings, "operator:restore")
    vacuum(settings, erasures)
    with psycopg.connect(settings.url("admin"), autocommit=True) as connection:
        connection.execute("analyze")  # statistics are not in it, and without them plans are guesses
    return erasures


def _require_embedded(settings: Settings) -> None:
    if not settings.is_embedded:
        raise BackupError(
            "DATABASE_URL names a server of your own: back it up, and restore it, as you do there"
        )


def _require_empty(settings: Settings) -> None:
    with psycopg.connect(settings.url("admin")) as connection:
        known = connection.execute("select to_regclass('app.organizations') is not null").fetchone()
        if known == (True,) and (
            row := connection.execute("select count(*) from app.organizations having count(*) > 0").fetchone()
        ):
            raise BackupError(
                f"{row[0]} organizations are here already and would be lost; restore into a new ROUTIQ_HOME"
            )


def _make_anew(settings: Settings) -> None:
    name = sql.Identifier(settings.database_name)
    with psycopg.connect(settings.url("admin"), dbname="postgres", autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("drop database {}").format(name))
        except psycopg.errors.ObjectInUse:
            raise BackupError("something is connected to the database; `routiq down` first") from None
    ensure_database(settings)


def _run(settings: Settings, program: str, *arguments: str, stdout: int | IO[bytes] | None = None) -> None:
    """A program of PostgreSQL's. What it needs to connect goes by the environment, which nobody else sees."""
    done = subprocess.run(
        [str(binaries() / program), *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(settings.postgres_port),
            "PGUSER": "postgres",
            "PGPASSWORD": settings.admin_password.get_secret_value(),
        },
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise BackupError(said[0] if said else f"{program} ended with {done.returncode}")
