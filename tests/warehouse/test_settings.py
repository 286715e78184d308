"""Where the database is and how its roles are reached, from the environment and `secrets.env`."""

import stat
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr, ValidationError

from tests.conftest import drop_database
from warehouse.bootstrap import prepare_warehouse
from warehouse.settings import SECRET_NAMES, Settings, ensure_secrets


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    path = ensure_secrets(tmp_path / "home")
    first = path.read_text()
    assert [line.partition("=")[0] for line in first.splitlines()] == list(SECRET_NAMES)
    path.write_text(first.replace("ROUTIQ_API_PASSWORD", "OTHER"))
    assert (
        ensure_secrets(tmp_path / "home")
        .read_text()
        .startswith(first.replace("ROUTIQ_API_PASSWORD", "OTHER"))
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_missing_secret_is_an_error_and_has_no_default(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="master_key"):
        Settings(home=tmp_path, _env_file=None)  # type: ignore[call-arg]


def test_a_short_master_key_is_refused(cluster: Settings) -> None:
    short = cluster.model_copy(update={"master_key": SecretStr("c2hvcnQ=")})
    with pytest.raises(ValueError, match="32 bytes"):
        short.master_key_bytes()


def test_no_secret_is_shown(cluster: Settings) -> None:
    assert cluster.api_password.get_secret_value() not in repr(cluster)


def test_database_url_replaces_the_embedded_server(cluster: Settings) -> None:
    """Any server will do: here an empty database that this installation did not make."""
    with psycopg.connect(cluster.url("admin"), dbname="postgres", autocommit=True) as connection:
        connection.execute("create database foreign_one")
    foreign = cluster.model_copy(update={"database_name": "foreign_one"})
    theirs = cluster.model_copy(update={"database_url": SecretStr(foreign.url("admin")), "postgres_port": 1})
    try:
        prepare_warehouse(theirs)
        with psycopg.connect(theirs.url("loader")) as connection:
            assert connection.execute("select current_database()").fetchone() == ("foreign_one",)
            assert connection.execute("select count(*) from raw_cliniko.patients").fetchone() == (0,)
    finally:
        drop_database(cluster, "foreign_one")
