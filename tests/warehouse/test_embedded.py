"""The embedded server: starts, survives being started again, refuses a taken port, stops."""

import os
import shutil
import socket
from pathlib import Path

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
