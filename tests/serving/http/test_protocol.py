"""Whoever sends byte by byte, sends without end, or never takes the answer is let go; others never notice."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

from serving.http.protocol import PatientProtocol
from tests.conftest import free_port
from tests.serving.conftest import wait_for

HEAD = b"POST /read HTTP/1.1\r\nHost: x\r\n"


class Hasty(PatientProtocol):
    arrival_seconds = 0.4
    answer_seconds = 0.4


class Small(PatientProtocol):
    most_connections = 20


@contextmanager
def serving(protocol: type[PatientProtocol]) -> Iterator[uvicorn.Server]:
    app = FastAPI()

    @app.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * 50_000_000)

    config = uvicorn.Config(app, port=free_port(), http=protocol, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield server
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def hasty() -> Iterator[uvicorn.Server]:
    with serving(Hasty) as server:
        yield server


@pytest.fixture(scope="module")
def port(hasty: uvicorn.Server) -> int:
    return hasty.config.port


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        yield connection


def is_let_go(connection: socket.socket) -> bool:
    """One byte after the other, never fast and never idle; the server must end it."""
    until = time.monotonic() + 10
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < until:
            connection.sendall(b"a")
            time.sleep(0.02)
        return False
    return True


@pytest.mark.parametrize(
    "first",
    [b"GET /", HEAD, HEAD + b"X-A: ", HEAD + b"Content-Length: 999\r\n\r\n"],
    ids=["path", "head", "header", "body"],
)
def test_byte_by_byte_is_let_go(port: int, first: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(first)
        assert is_let_go(connection)


def test_who_says_nothing_is_let_go(port: int) -> None:
    with connected(port) as connection:
        assert connection.recv(1) == b""


def test_a_second_request_on_the_same_connection_must_arrive_in_time_too(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(HEAD + b"Content-Length: 1\r\n\r\nx")
        assert b"200 OK" in connection.recv(4096)
        time.sleep(0.6)  # idle between two requests is no fault
        connection.sendall(HEAD)
        assert is_let_go(connection)


def test_who_does_not_take_the_answer_is_let_go(hasty: uvicorn.Server) -> None:
    with connected(hasty.config.port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1) == b"H"
        wait_for(lambda: not hasty.server_state.connections)
        taken = 0
        with pytest.raises(ConnectionError):  # noqa: PT012 - until it breaks
            while chunk := connection.recv(1_000_000):
                taken += len(chunk)
            raise ConnectionError  # ended in the middle
        assert taken < 50_000_000


@pytest.mark.parametrize(
    "request_head",
    [
        HEAD + b"X-A: a\0b\r\n\r\n",
        HEAD + b"X-A: " + b"a" * 40_000,
        HEAD + b"".join(b"X-%d: %s\r\n" % (number, b"a" * 100) for number in range(400)) + b"\r\n",
        b"GET /" + b"a" * 40_000,
        b"\x16\x03\x01\x02\x00",
        b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    ids=["NUL", "long header", "many headers", "long path", "TLS", "two lengths"],
)
def test_what_is_no_request_is_refused_in_the_one_body(port: int, request_head: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(request_head)
        answer = connection.recv(8192)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in answer
    assert b"urn:routiq:problem:malformed" in answer


def test_who_behaves_is_served_beside_them(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(port)).sendall(b"GET /")
        answers = [httpx.post(f"http://127.0.0.1:{port}/read", content=b"x" * 10) for _ in range(5)]
        assert [answer.json() for answer in answers] == [10] * 5


def test_more_than_there_is_room_for_are_told_when_to_ask_again() -> None:
    with serving(Small) as server:
        address = f"http://127.0.0.1:{server.config.port}/read"
        with contextlib.ExitStack() as stack:
            for _ in range(Small.most_connections):
                stack.enter_context(connected(server.config.port))
            answer = httpx.post(address, content=b"x")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["type"] == "urn:routiq:problem:unavailable"
        wait_for(lambda: httpx.post(address, content=b"x").status_code == 200)
