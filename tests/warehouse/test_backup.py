"""There and back: what a backup holds comes up in a server that never knew any of it."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import psycopg
import pytest
from psycopg import sql

from orchestration.dbt.build import build
from tests.conftest import create_database, create_old_database, drop_database, free_port
from tests.dbt_project.clinic import NOON, Clinic, days
from tests.warehouse.appending import append
from warehouse.audit import verify
from warehouse.backup import BackupError, back_up, restore
from warehouse.bootstrap import embedded_server
from warehouse.organizations import add_organization, api_key_of
from warehouse.sealing import Secret
from warehouse.settings import Settings
from warehouse.tenant_isolation.holes import find_holes

TABLES = """
select schemaname, tablename from pg_tables
where schemaname not in ('pg_catalog', 'information_schema')
order by 1, 2
"""
ROWS = "select count(*), md5(string_agg(rows::text, '|' order by rows::text)) from {}.{} as rows"


@pytest.fixture(scope="module")
def served(cluster: Settings) -> Iterator[Settings]:
    """A clinic with a key, data that were built, and a row of who saw whom."""
    settings = create_database(cluster, "backed_up")
    clinic = Clinic(settings, "org_a").create()
    add_organization(settings, "org_a", "A", "https://api.au1.example.com/v1", Secret("invented-au1"))
    clinic.patient("1")
    clinic.visit("11", "1", NOON - days(10))
    clinic.accept()
    build(settings)
    append(settings, "org_a", ["1"])
    yield settings
    drop_database(cluster, "backed_up")


@pytest.fixture(scope="module")
def backup(served: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "routiq.dump"
    assert back_up(served, path) == path.stat().st_size > 0
    return path


@pytest.fixture
def elsewhere(served: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Another machine: nothing but the secrets."""
    copy(served.home / "secrets.env", tmp_path)
    settings = served.model_copy(
        update={"home": tmp_path, "postgres_port": free_port(), "database_name": "routiq"}
    )
    yield settings
    embedded_server(settings).remove()


def contents(settings: Settings) -> dict[str, object]:
    """Of each table how many rows there are, and what they say."""
    with psycopg.connect(settings.url("admin")) as connection:
        return {
            f"{schema}.{table}": connection.execute(
                sql.SQL(ROWS).format(sql.Identifier(schema), sql.Identifier(table))
            ).fetchone()
            for schema, table in connection.execute(TABLES).fetchall()
        }


def test_everything_comes_back_and_goes_on(served: Settings, backup: Path, elsewhere: Settings) -> None:
    restore(elsewhere, backup)
    before, after = contents(served), contents(elsewhere)
    assert after == before
    assert after["marts.fct_patient_states"] != (0, None)
    with psycopg.connect(elsewhere.url("admin")) as connection:
        assert find_holes(connection) == []
        known = connection.execute("select count(*) > 0 from pg_stats where schemaname = 'marts'").fetchone()
        assert known == (True,), "plans are made with statistics"
    [chain] = verify(elsewhere)
    assert (chain.rows, chain.findings) == (1, [])
    assert api_key_of(elsewhere, "org_a").api_key.reveal() == "invented-au1"
    append(elsewhere, "org_a", ["1"])
    assert verify(elsewhere)[0].findings == []
    assert build(elsewhere).rows_written == 0
    with pytest.raises(BackupError, match="1 organizations are here already"):
        restore(elsewhere, backup)


def test_of_an_older_version_it_is_brought_up_to_date(
    cluster: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    back_up(create_old_database(cluster, "older", "0005"), tmp_path / "old.dump")
    drop_database(cluster, "older")
    restore(elsewhere, tmp_path / "old.dump")
    with psycopg.connect(elsewhere.url("owner")) as connection:
        assert connection.execute("select to_regclass('app.audit_heads')").fetchone() != (None,)


def test_a_backup_is_whole_or_not_there(served: Settings, backup: Path, tmp_path: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0, "nobody else may read it"
    with pytest.raises(BackupError, match="nothing is written over"):
        back_up(served, backup)
    with pytest.raises(BackupError, match="cannot be written"):
        back_up(served, tmp_path / "missing" / "routiq.dump")
    nobody = served.model_copy(update={"database_name": "postgres", "admin_password": served.api_password})
    with pytest.raises(psycopg.OperationalError):
        back_up(nobody, tmp_path / "routiq.dump")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_backup_changes_nothing(backup: Path, elsewhere: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="there is no file"):
        restore(elsewhere, tmp_path / "missing.dump")
    (text := tmp_path / "text.dump").write_text("not a backup")
    with pytest.raises(BackupError, match="archive"):
        restore(elsewhere, text)
    (half := tmp_path / "half.dump").write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    with pytest.raises(BackupError):
        restore(elsewhere, half)
    with psycopg.connect(elsewhere.url("admin")) as connection:
        assert connection.execute(TABLES).fetchall() == []
        with pytest.raises(BackupError, match="routiq down"):
            restore(elsewhere, backup)
    restore(elsewhere, backup)


def test_a_server_of_ones_own_is_backed_up_there(served: Settings, tmp_path: Path) -> None:
    own = served.model_copy(update={"database_url": served.admin_password})
    for refused in (lambda: back_up(own, tmp_path / "routiq.dump"), lambda: restore(own, tmp_path / "x")):
        with pytest.raises(BackupError, match="DATABASE_URL"):
            refused()
