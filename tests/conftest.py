"""Every test session owns its servers: one PostgreSQL cluster, and a database of its own for each test."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import alembic.command
import psycopg
import pytest
from psycopg import sql

from warehouse.bootstrap import alembic_config, embedded_server, grant_database, prepare_warehouse
from warehouse.settings import Settings, ensure_secrets

# Folders whose files end soon. They are begun last, so that no worker is left alone with a long one.
QUICK = ("serving", "ingestion", "sandbox", "promises")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return QUICK.index(folder) if folder in QUICK else -1

    items.sort(key=turn)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module", autouse=True)
def environment_as_it_was() -> Iterator[None]:
    """A command that runs in this process sets what its children need; the next module begins without it."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a running, migrated warehouse that serves as the template of each test's own."""
    home: Path = tmp_path_factory.mktemp("home")
    secrets_file = ensure_secrets(home)
    settings = Settings(  # type: ignore[call-arg]
        home=home,
        postgres_port=free_port(),
        database_name="template",
        DATABASE_URL=None,
        _env_file=secrets_file,
    )
    server = embedded_server(settings)
    try:
        prepare_warehouse(settings)
        _forget_power_cuts(settings)
        yield settings
    finally:
        server.remove()


def _forget_power_cuts(settings: Settings) -> None:
    """A cluster that lives as long as its tests need not reach the disk."""
    with psycopg.connect(settings.url("admin"), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        connection.execute("select pg_reload_conf()")


def create_database(cluster: Settings, name: str, template: str = "template") -> Settings:
    """A copy of the migrated template, or of another database; returns the settings that lead to it."""
    with psycopg.connect(cluster.url("admin"), dbname="postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    with psycopg.connect(cluster.url("admin"), dbname=name) as connection:
        grant_database(connection)  # grants are not copied with the rest
    return cluster.model_copy(update={"database_name": name})


def create_old_database(cluster: Settings, name: str, revision: str) -> Settings:
    """A warehouse as the migrations up to `revision` left it."""
    settings = create_database(cluster, name, template="template1")
    alembic.command.upgrade(alembic_config(settings), revision)
    return settings


def drop_database(cluster: Settings, name: str) -> None:
    with psycopg.connect(cluster.url("admin"), dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


# The name of a database is written into what dbt remembers of its project. Where it is the same from test to
# test, only the first build reads the project.
@pytest.fixture
def warehouse(cluster: Settings) -> Iterator[Settings]:
    """A migrated warehouse of the test's own, empty."""
    yield create_database(cluster, "of_the_test")
    drop_database(cluster, "of_the_test")


@pytest.fixture(scope="module")
def module_warehouse(cluster: Settings) -> Iterator[Settings]:
    """A migrated warehouse shared by the tests of one module."""
    yield create_database(cluster, "of_the_module")
    drop_database(cluster, "of_the_module")
