"""A sandbox Cliniko of the caller's own, on a free port: for tests and benchmarks.

Its modules are imported once: each server is a fork of the process that did it, and ends with its parent.
"""

import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

from sandbox.__main__ import main
from sandbox.errors import SandboxError

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["sandbox.cliniko.cli"])


@contextmanager
def run_cliniko(
    clinics: list[Path],
    *,
    rate_limit: int | None = None,
    rate_window: int = 60,
    live_speed: float | None = None,
) -> Iterator[str]:
    """Serve clinics until the block ends; yields the address, `http://127.0.0.1:PORT`.

    Raises:
        SandboxError: it did not start; the message says why.
    """
    port = _free_port()
    argv = ["cliniko", "--port", str(port), "--rate-window", str(rate_window)]
    argv += [text for folder in clinics for text in ("--clinic", str(folder))]
    argv += ["--no-rate-limit"] if rate_limit is None else ["--rate-limit", str(rate_limit)]
    argv += ["--live", "--speed", str(live_speed)] if live_speed else []
    with tempfile.NamedTemporaryFile() as errors:
        process = FORKS.Process(target=_serve, args=(argv, errors.name), daemon=True)
        process.start()
        try:
            _wait(process, f"http://127.0.0.1:{port}", Path(errors.name))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()  # it has nothing to keep
            process.join()
            process.close()


def _serve(argv: list[str], errors: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(errors, os.O_WRONLY), 2)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.exit(main(argv))


def _end_with_parent() -> None:
    """A killed test run leaves no server behind, however far that one has come."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
    os._exit(0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: BaseProcess, address: str, errors: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.exitcode is not None:
            raise SandboxError(f"the sandbox Cliniko did not start: {errors.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{address}/_sandbox/clinics", timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise SandboxError(f"the sandbox Cliniko did not answer within {seconds:.0f} s")
