"""The parsed dbt project that Dagster's definitions are made from: `ROUTIQ_HOME/dbt/dagster/manifest.json`.

Made again only when a file of the project has changed; needs no database.
"""

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from orchestration.errors import CommandError

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "dbt_project"
GENERATED = {"target", "logs"}


def target_folder(home: Path) -> Path:
    """Where the manifest lies; a build's own artifacts are elsewhere, so neither overwrites the other."""
    return home.resolve() / "dbt" / "dagster"


def manifest_path(home: Path) -> Path:
    return target_folder(home) / "manifest.json"


def is_current(home: Path) -> bool:
    stamp = target_folder(home) / "stamp"
    return manifest_path(home).exists() and stamp.exists() and stamp.read_text() == _digest()


def prepare_manifest(home: Path) -> None:
    """Parse the dbt project unless that was done for these very files.

    Raises:
        CommandError: dbt does not understand the project.
    """
    if is_current(home):
        return
    target = target_folder(home)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = _digest()
    parsed = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "parse"),
            *("--project-dir", PROJECT, "--profiles-dir", ROOT),
            *("--target-path", target, "--log-path", home.resolve() / "logs"),
        ],
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode != 0:
        raise CommandError(f"the dbt project cannot be parsed:\n{parsed.stdout}{parsed.stderr}".strip())
    (target / "stamp").write_text(digest)


def _digest() -> str:
    """What the manifest depends on: each file's path, size and time of change, and dbt's version."""
    facts = [f"{version('dbt-core')} {PROJECT}"]
    for path in sorted([ROOT / "profiles.yml", *PROJECT.rglob("*")]):
        if path.is_file() and not GENERATED & set(path.relative_to(ROOT).parts):
            status = path.stat()
            facts.append(f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
