"""`python -m sandbox cliniko`: serves folders of JSON Lines as Cliniko accounts."""

import argparse
import os
import sys
import time
from pathlib import Path

from sandbox.cliniko.clinic import Clinics
from sandbox.cliniko.live import begin
from sandbox.cliniko.server import PORT_SETTING, listen, serve
from sandbox.errors import SandboxError

DEFAULT_PORT = 8091


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox cliniko",
        description="Serve clinics as Cliniko's REST API on http://127.0.0.1:PORT/v1. The API key chooses "
        "the clinic. A clinic is a folder with clinic.toml (name, api_key, time_zone, country; optional "
        "forbidden, [choices]) and RESOURCE.jsonl files, one record a line in Cliniko's own shape.",
    )
    add = parser.add_argument
    add("--port", type=int, help=f"default {PORT_SETTING}, else {DEFAULT_PORT}")
    add("--clinic", type=Path, action="append", default=[], metavar="PATH", help="may be repeated")
    add("--rate-limit", type=int, default=200, metavar="N", help="requests a window (default 200)")
    add("--no-rate-limit", action="store_const", const=None, dest="rate_limit")
    add("--rate-window", type=int, default=60, metavar="S", help="seconds (default 60)")
    add("--live", action="store_true", help="let the clinics go on living")
    add(
        "--speed",
        type=float,
        default=1.0,
        metavar="N",
        help="with --live: N times as much happens (default 1)",
    )
    return parser


def _port(asked: int | None) -> int:
    text = os.environ.get(PORT_SETTING, str(DEFAULT_PORT))
    if asked is not None:
        return asked
    if not text.isdigit():
        raise SandboxError(f"{PORT_SETTING} must be a number")
    return int(text)


def main(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    port = _port(arguments.port)
    listener = listen(port)
    began = time.monotonic()
    clinics = Clinics(arguments.rate_limit, arguments.rate_window)
    for folder in arguments.clinic:
        clinics.open(folder)
    lives = [begin(clinic, arguments.speed) for clinic in clinics.all] if arguments.live else []
    names = ", ".join(clinic.name for clinic in clinics.all)
    sys.stderr.write(
        f"sandbox: Cliniko on http://127.0.0.1:{port} for {names} ({time.monotonic() - began:.1f} s)\n"
    )
    serve(listener, clinics, lives)
    return 0
