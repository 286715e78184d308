"""`python -m serving`: the API under uvicorn, one process, or as many as ROUTIQ_API_WORKERS says."""

import socket
import sys
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from uvicorn.supervisors import Multiprocess

from serving.app import create_app
from serving.http.logs import forward_library_logs
from serving.settings import ServingSettings, setting_of


def main(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else ROUTIQ_API_HOST or 127.0.0.1.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; else ROUTIQ_API_PORT or 8000.")] = None,
) -> None:
    """Serve the API until told to stop; requests in flight are finished first."""
    settings = load_settings()
    listener = listen(host or settings.api_host, port or settings.api_port)
    config = uvicorn.Config(
        "serving.__main__:app",  # by name, for the processes that uvicorn starts
        factory=True,
        workers=settings.api_workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        timeout_keep_alive=75,
        http="serving.http.protocol:PatientProtocol",
    )
    if settings.api_workers > 1:
        return Multiprocess(config, sockets=[listener]).run()
    return uvicorn.Server(config).run(sockets=[listener])


def app() -> FastAPI:
    """The application of one process, by its environment."""
    forward_library_logs()
    return create_app(load_settings())


def load_settings() -> ServingSettings:
    """Raises SystemExit with the names of the settings that are missing or wrong, never their values."""
    try:
        return ServingSettings.load()
    except ValidationError as error:
        names = sorted({setting_of(fault) or fault["msg"] for fault in error.errors()})
        print(f"serving: these settings are missing or wrong: {', '.join(names)}", file=sys.stderr)  # noqa: T201
        raise SystemExit(2) from None


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts.

    Raises:
        SystemExit: it is taken; the message names the setting.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        print(  # noqa: T201
            f"serving: {host}:{port} is not to be had ({error.strerror}); set ROUTIQ_API_PORT to a free port",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    return listener


if __name__ == "__main__":
    typer.run(main)
