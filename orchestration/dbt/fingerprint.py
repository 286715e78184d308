"""The rules by which rows are computed, and whether those rows were computed by the rules of today.

A build computes what its loads touch. After a release that changes the models that is not enough: rows that
no load touches would stay as the old rules made them, and a new table would be empty behind views that read
it. So the first build after it computes everything. An organization held back then keeps its loads
unpublished, and with them its turn.
"""

import hashlib
from pathlib import Path

import psycopg

from warehouse.settings import Settings

PROJECT = Path(__file__).parents[2] / "dbt_project"
FOLDERS = ("models", "macros", "materializations", "seeds")


def digest() -> str:
    """Of everything that decides a value: SQL, seeds and thresholds. Descriptions and checks do not."""
    files = [path for folder in FOLDERS for path in (PROJECT / folder).rglob("*") if _decides(path)]
    found = hashlib.sha256()
    for path in sorted([PROJECT / "dbt_project.yml", *files]):
        found.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def _decides(path: Path) -> bool:
    return path.suffix in {".sql", ".csv"}


def have_changed(settings: Settings) -> bool:
    """Whether there is something that was not computed by the rules of today."""
    with psycopg.connect(settings.url("owner")) as connection:
        if connection.execute("select to_regclass('checks.rules') is null").fetchone() == (True,):
            return True
        return connection.execute("select digest from checks.rules").fetchone() != (digest(),)


def publish_all_again(settings: Settings) -> None:
    """Every load is the next build's."""
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute("update app.loads set published_at = null where published_at is not null")


def remember(settings: Settings) -> None:
    """These are the rules of what is published: a build got to its end."""
    with psycopg.connect(settings.url("owner")) as connection:
        connection.execute("create table if not exists checks.rules (digest text not null)")
        connection.execute("delete from checks.rules")
        connection.execute("insert into checks.rules values (%s)", [digest()])
