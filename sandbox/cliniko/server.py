"""The server process."""

import socket

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
