"""The embedded server: starts, survives being started again, refuses a taken port, stops."""

import contextlib
import os
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import free_port
from warehouse.embedded import EmbeddedPostgres, EmbeddedPostgresError


def test_a_taken_port_is_an_error_that_names_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedPostgres(home=tmp_path, port=taken.getsockname()[1], password="p")
        with pytest.raises(EmbeddedPostgresError, match="ROUTIQ_POSTGRES_PORT"):
            server.start()


def test_it_starts_from_a_half_made_cluster_starts_again_and_stops(tmp_path: Path) -> None:
    server = EmbeddedPostgres(home=tmp_path, port=free_port(), password="p")
    try:
        server.data.mkdir(parents=True)
        (server.data / "postgresql.conf").write_text("half made")
        server.start()
        server.start()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(
                host="127.0.0.1",
                port=server.port,
                user="postgres",
                password="wrong",
                dbname="postgres",
            )
        server.stop()
        assert not server.is_running()
        server.start()
        assert server.is_running()
    finally:
        server.remove()
    assert not server.cluster.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps the cluster outside the home")
def test_a_home_deleted_and_made_anew_gets_a_new_cluster(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    first = EmbeddedPostgres(home=home, port=free_port(), password="first")
    first.start()
    left = first.cluster
    try:
        shutil.rmtree(home)
        second = EmbeddedPostgres(home=home, port=first.port, password="second")
        second.start()
        try:
            assert second.is_running()
        finally:
            second.remove()
    finally:
        shutil.rmtree(left, ignore_errors=True)


def logged(server: EmbeddedPostgres) -> str:
    return "".join(path.read_text() for path in server.cluster.glob("server*.log"))


def test_its_log_is_rotated_and_quotes_nobody(tmp_path: Path) -> None:
    """An error's text quotes a value, its statement the rest: neither is written down."""
    server = EmbeddedPostgres(home=tmp_path, port=free_port(), password="p")
    try:
        server.start()
        (server.cluster / "server.log").write_text("ERROR:  said by the version before: Marker")
        server.stop()
        server.start()
        asked: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": "postgres",
            "dbname": "postgres",
        }
        with psycopg.connect(**asked, password="p", autocommit=True) as connection:
            for statement, parameters in (
                ("select 'Marker of a literal'::integer", []),
                ("select %s::text::integer /* Marker of a comment */", ["Marker of a parameter"]),
                ("select Marker_of_a_column", []),
                ("do $$ begin raise warning 'Marker of a warning'; end $$", []),
                ("create temporary table kept (name text primary key)", []),
                ("insert into kept values (%s), (%s)", ["Marker twice"] * 2),
                ("select pg_sleep(0.01), %s::text", ["Marker that is slow"]),
            ):
                with contextlib.suppress(psycopg.Error):
                    connection.execute(statement, parameters)
            with contextlib.suppress(psycopg.Error), connection.cursor().copy("copy kept from stdin") as copy:
                copy.write("Marker of a load\tone column too many\n")
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(**asked, password="wrong")
            names = {path.name for path in server.cluster.glob("server*.log")}
            rotated = connection.execute("select pg_rotate_logfile()").fetchone()
        said = logged(server)
        assert rotated == (True,)
        assert any(re.fullmatch(r"server-[A-Z][a-z]{2}\.log", name) for name in names)
        assert "password authentication failed" in said, "what is wrong with the server is still told"
        assert "marker" not in said.lower()
        assert {path.stat().st_mode & 0o777 for path in server.cluster.glob("server-*.log")} == {0o600}
    finally:
        server.remove()
