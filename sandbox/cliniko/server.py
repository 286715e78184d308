"""The server process, and for tests a server as a subprocess on a free port."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from sandbox.cliniko.app import App
from sandbox.cliniko.clinic import Clinics
from sandbox.cliniko.live import Life
from sandbox.errors import SandboxError

PORT_SETTING = "ROUTIQ_CLINIKO_PORT"


def listen(port: int) -> socket.socket:
    """The socket first, so that a taken port is told before a large clinic is read."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise SandboxError(
            f"port {port} cannot be used ({error.strerror}); set {PORT_SETTING} or --port to a free one"
        ) from None
    return listener


def serve(listener: socket.socket, clinics: Clinics, lives: list[Life]) -> None:
    """Until it is told to stop. The app sets Date itself: uvicorn's may be a second late."""
    config = uvicorn.Config(
        App(clinics, lives),
        log_level="warning",
        access_log=False,
        lifespan="on",
        date_header=False,
        server_header=False,
        timeout_keep_alive=75,  # as proxies of the real one do; a client may reuse a connection for seconds
        timeout_graceful_shutdown=2,
    )
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def run_cliniko(
    clinics: list[Path],
    *,
    rate_limit: int | None = None,
    rate_window: int = 60,
    live_speed: float | None = None,
) -> Iterator[str]:
    """A sandbox Cliniko of the caller's own; yields its address, `http://127.0.0.1:PORT`."""
    port = _free_port()
    command = [sys.executable, "-m", "sandbox", "cliniko", "--with-stdin", "--port", str(port)]
    command += [text for folder in clinics for text in ("--clinic", str(folder))]
    command += ["--no-rate-limit"] if rate_limit is None else ["--rate-limit", str(rate_limit)]
    command += [
        "--rate-window",
        str(rate_window),
        *(["--live", "--speed", str(live_speed)] if live_speed else []),
    ]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=os.environ
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}", errors.fileno())
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], address: str, errors: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            said = os.pread(errors, 2000, 0).decode(errors="replace")
            raise SandboxError(f"the sandbox Cliniko did not start: {said}")
        try:
            with urllib.request.urlopen(f"{address}/_sandbox/clinics", timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise SandboxError(f"the sandbox Cliniko did not answer within {seconds:.0f} s")
