"""The dbt docs site: models, columns, tests and the lineage from Cliniko's feeds to the API's routes.

One file (`dbt docs generate --static`), so it opens from a folder and needs no network. It holds descriptions
and SQL, never a row. `routiq docs` and Dagster make it, `routiq up` serves it.

dbt project, catalogue of the database -> ROUTIQ_HOME/docs/index.html
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.dbt.build import PROJECT, REPOSITORY, dbt_environment, dbt_home
from orchestration.dbt.manifest import DbtError, manifest_path, prepare_manifest
from warehouse.settings import Settings


def site_folder(home: Path) -> Path:
    return home.resolve() / "docs"


def page_of(home: Path) -> Path:
    return site_folder(home) / "index.html"


def prepare_docs_site(settings: Settings) -> None:
    """Make the site unless there is one that is newer than the parsed project.

    Raises:
        DbtError: dbt does not understand the project.
    """
    prepare_manifest(settings)
    page = page_of(settings.home)
    if not page.exists() or page.stat().st_mtime < manifest_path(settings.home).stat().st_mtime:
        make_docs_site(settings)


def make_docs_site(settings: Settings) -> Path:
    """Make the site as the project and the database are now; returns its page.

    dbt works in a folder of its own, so a build may run beside it; readers see the old page or the new one.

    Raises:
        DbtError: dbt does not understand the project, or the database is away.
    """
    work = dbt_home(settings) / "docs"
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    _generate(settings, work)
    page = page_of(settings.home)
    page.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = page.with_suffix(".new")
    shutil.copyfile(work / "static_index.html", draft)
    draft.replace(page)
    return page


def _generate(settings: Settings, work: Path) -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "dbt"), "--quiet", "docs", "generate", "--static"),
            *("--project-dir", str(PROJECT), "--target-path", str(work)),
        ],
        env=os.environ | dbt_environment(settings),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DbtError(f"dbt could not make the docs site:\n{done.stdout}{done.stderr}".strip())
