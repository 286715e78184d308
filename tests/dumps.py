"""Is a word anywhere? Searched for in a dump of the whole database, and in every file below a folder."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from warehouse.embedded import binaries
from warehouse.settings import Settings


def dump(settings: Settings, *options: str) -> str:
    """Everything the database holds, as text."""
    done = subprocess.run(
        [str(binaries() / "pg_dump"), "--format=plain", *options, settings.database_name],
        env={
            "PGHOST": "127.0.0.1",
            "PGPORT": str(settings.postgres_port),
            "PGUSER": "postgres",
            "PGPASSWORD": settings.admin_password.get_secret_value(),
        },
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def found_in_dump(settings: Settings, words: Iterable[str], *options: str) -> set[str]:
    """Each word that is there, with the line it stands in for whoever reads the failure."""
    text = dump(settings, *options).splitlines()
    return {f"{word}: {line[:200]}" for word in words for line in text if word in line}


def found_in_files(folder: Path, words: Iterable[str]) -> set[str]:
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {f"{word}: {path}" for word in words for path, held in contents.items() if word.encode() in held}
