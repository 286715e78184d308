"""Whoever is to be told: takes messages over HTTP on loopback, or refuses them as often as it is told to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Sink:
    """`refusals` counts down: so many requests are answered with 500 before one is taken."""

    port: int = 0
    refusals: int = 0
    requests: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """As Apprise is told of it."""
        return f"json://127.0.0.1:{self.port}/told"

    def take(self) -> list[dict[str, Any]]:
        """What came since this was last asked."""
        taken, self.messages = self.messages, []
        return taken


@contextmanager
def run_sink(refusals: int = 0) -> Iterator[Sink]:
    sink = Sink(refusals=refusals)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sink.requests += 1
            if sink.refusals > 0:
                sink.refusals -= 1
                self.send_response(500)
            else:
                sink.messages.append(json.loads(body))
                self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Nothing: who is told what is nobody else's business."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
