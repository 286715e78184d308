"""The parsed dbt project that Dagster's definitions are made from: `ROUTIQ_HOME/dbt/dagster/manifest.json`.

Made again only when a file of the project has changed. It is parsed where builds parse, so that the next
build need not; the copy is Dagster's own, so that no build changes it under a process that reads it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from orchestration.dbt.build import PROJECT, REPOSITORY, build_lock, dbt_environment, dbt_home
from warehouse.settings import Settings


class DbtError(Exception):
    """dbt could not do it; the message is what it said."""


GENERATED = {"target", "logs"}


def manifest_path(home: Path) -> Path:
    return home.resolve() / "dbt" / "dagster" / "manifest.json"


def is_current(home: Path) -> bool:
    manifest = manifest_path(home)
    return manifest.exists() and _stamp(home).exists() and _stamp(home).read_text() == _digest()


def prepare_manifest(settings: Settings) -> None:
    """Parse the dbt project unless that was done for these very files.

    Raises:
        DbtError: dbt does not understand the project.
    """
    if is_current(settings.home):
        return
    manifest = manifest_path(settings.home)
    manifest.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = _digest()
    with build_lock(settings):
        _parse(settings)
        draft = manifest.with_suffix(".new")
        shutil.copyfile(dbt_home(settings) / "target" / "manifest.json", draft)
        draft.replace(manifest)
    _stamp(settings.home).write_text(digest)


def _parse(settings: Settings) -> None:
    parsed = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "--quiet", "parse", "--project-dir", str(PROJECT)],
        env=os.environ | dbt_environment(settings),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode != 0:
        raise DbtError(f"the dbt project cannot be parsed:\n{parsed.stdout}{parsed.stderr}".strip())


def _stamp(home: Path) -> Path:
    return manifest_path(home).with_name("stamp")


def _digest() -> str:
    """What the manifest depends on: each file's path, size and time of change, and dbt's version."""
    facts = [f"{version('dbt-core')} {PROJECT}"]
    for path in sorted([REPOSITORY / "profiles.yml", *PROJECT.rglob("*")]):
        if path.is_file() and not GENERATED & set(path.relative_to(REPOSITORY).parts):
            status = path.stat()
            facts.append(f"{path.relative_to(REPOSITORY)} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
