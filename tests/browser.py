"""A real browser for tests: Debian's Chromium, headless, which may reach this machine and nothing else."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

OFFLINE = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
UNSEEN = re.compile(r"<(script|style)\b.*?</\1>", re.DOTALL)
SETTLED_MS = 10_000
PATIENCE_SECONDS = 90


def rendered(url: str) -> str:
    """The document once its scripts have run, without the scripts: what they hold is not on the page."""
    return UNSEEN.sub("", _chromium(url, "--dump-dom"))


def text_of(page: str) -> str:
    """What a person reads of a rendered document, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def _chromium(url: str, *arguments: str) -> str:
    found = shutil.which("chromium")
    assert found, "chromium is missing; `make test` installs it where it may"
    with tempfile.TemporaryDirectory() as profile:
        command = [found, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += [*OFFLINE, f"--virtual-time-budget={SETTLED_MS}", *arguments, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def seen_signed_in(url: str, user: str, password: str, expected: str) -> tuple[str, list[str]]:
    """Open a page as a person would who types this login when the browser asks; wait for a text on it.

    Returns what the page says then, and how each WebSocket that it opened was answered.
    """
    with _debugged_chromium() as address, connect(address, max_size=None) as socket:
        tab = _Tab(socket, user, password)
        tab.ask("Fetch.enable", handleAuthRequests=True)
        tab.ask("Network.enable")
        tab.ask("Page.navigate", url=url)
        until = time.monotonic() + PATIENCE_SECONDS
        while expected not in (text := tab.text()):
            assert time.monotonic() < until, f"it says: {text}"
        while not tab.handshakes:
            assert time.monotonic() < until, "it opened no WebSocket"
            tab.text()
        return text, tab.handshakes


class _Tab:
    """One tab by Chromium's own protocol."""

    def __init__(self, socket: ClientConnection, user: str, password: str) -> None:
        self.socket, self.login = socket, {"username": user, "password": password}
        self.sent = 0
        self.handshakes: list[str] = []

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        asked = self._send(method, **parameters)
        while True:
            told = json.loads(self.socket.recv(timeout=PATIENCE_SECONDS))
            if told.get("id") == asked:
                return dict(told["result"])
            self._answer(told.get("method"), told.get("params", {}))

    def text(self) -> str:
        """What the page says; its scripts go on for a moment before it is asked."""
        look = "new Promise(done => setTimeout(() => done(document.body?.innerText ?? ''), 200))"
        told = self.ask("Runtime.evaluate", expression=look, awaitPromise=True)
        return str(told["result"].get("value", ""))

    def _send(self, method: str, **parameters: object) -> int:
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": parameters}))
        return self.sent

    def _answer(self, event: str | None, told: dict[str, Any]) -> None:
        if event == "Fetch.authRequired":
            answer = {"response": "ProvideCredentials", **self.login}
            self._send("Fetch.continueWithAuth", requestId=told["requestId"], authChallengeResponse=answer)
        elif event == "Fetch.requestPaused":
            self._send("Fetch.continueRequest", requestId=told["requestId"])
        elif event == "Network.webSocketHandshakeResponseReceived":
            self.handshakes.append(str(told["response"]["status"]))


@contextmanager
def _debugged_chromium() -> Iterator[str]:
    """Chromium with an empty tab; gives the address of the tab's protocol."""
    found = shutil.which("chromium")
    assert found, "chromium is missing; `make test` installs it where it may"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [found, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += [*OFFLINE, "--remote-debugging-port=0", "about:blank"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr
                said = next(line for line in process.stderr if "ws://127.0.0.1:" in line)
                port = said.partition("ws://127.0.0.1:")[2].partition("/")[0]
                tabs = httpx.get(f"http://127.0.0.1:{port}/json", timeout=PATIENCE_SECONDS).json()
                yield next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            finally:
                process.terminate()
