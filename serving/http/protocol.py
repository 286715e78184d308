"""HTTP as uvicorn speaks it (httptools), but waiting for nobody for ever, and refusing in the one body.

uvicorn has no time limit for a request that arrives byte by byte, and none on the size of its head: a few
hundred such connections would keep everybody out. Here a request must have arrived whole in time, and its
answer must have been taken in time.
"""

from asyncio import TimerHandle, Transport

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.http.errors import Malformed, Unavailable, response_of

LARGEST_HEAD = 32 * 1024
CROWDED = "Too many connections are open at the moment. Ask again shortly."


async def crowded(scope: Scope, receive: Receive, send: Send) -> None:
    """What answers while there are too many; uvicorn's own `limit_concurrency` says it as plain text."""
    await response_of(Unavailable(CROWDED, retry_after=1), "none")(scope, receive, send)


class PatientProtocol(HttpToolsProtocol):
    """`arrival_seconds` from the connection or the first byte to the last; `answer_seconds` from there."""

    arrival_seconds = 15.0
    answer_seconds = 60.0
    most_connections = 1000
    _arriving: TimerHandle | None = None
    _answering: TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop(self._arriving)
        self._stop(self._answering)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head >= 0:
            self._head += len(data)
        super().data_received(data)
        if self._head > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("too large")

    def on_message_begin(self) -> None:
        if self._arriving is None:
            self._await_request()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if sum(len(name) + len(value) for name, value in self.headers) > LARGEST_HEAD:
            raise ValueError("too large")  # the parser passes it on: 400
        self._head = -1  # what comes now is body
        is_crowded = len(self.connections) > self.most_connections
        self.app = crowded if is_crowded else self.config.loaded_app
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop(self._arriving)
        self._arriving, self._head = None, 0
        self._stop(self._answering)
        self._answering = self.loop.call_later(self.answer_seconds, self._give_up)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self.transport.get_write_buffer_size():  # else it waits for somebody to take it
            self._stop(self._answering)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        del msg  # English of the parser's
        answer = response_of(Malformed(), "none")
        lines = [b"HTTP/1.1 400 Bad Request", b"connection: close"]
        lines += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()

    def _await_request(self) -> None:
        self._arriving = self.loop.call_later(self.arrival_seconds, self.transport.abort)

    def _give_up(self) -> None:
        if not self.cycle.response_complete or self.transport.get_write_buffer_size():
            self.transport.abort()

    @staticmethod
    def _stop(timer: TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()
