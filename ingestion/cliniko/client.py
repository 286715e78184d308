"""One request to Cliniko, as often as it takes: pace, key, caps, what is tried again and what is final.

Nothing here knows feeds or pages. Errors name the path and the status, never the key or a record.
"""

import base64
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
import stamina

from ingestion.cliniko.address import base_url_for, is_below, is_loopback
from ingestion.cliniko.pace import Pace
from ingestion.errors import SyncError
from ingestion.settings import ClinikoSettings
from warehouse.sealing import Secret

# By itself it writes a line of its own kind for each retry to the standard output, where a script reads JSON.
stamina.instrumentation.set_on_retry_hooks([])

_FINAL = {
    401: ("wrong_key", "Cliniko refuses the API key; check the key and that it belongs to this shard"),
    400: ("refused", "Cliniko refuses the request"),
    404: ("not_found", "Cliniko knows no such list here; check the address and the shard of the key"),
    422: ("refused", "Cliniko refuses the request"),
}


class ForbiddenError(SyncError):
    """The key's user may not read this."""

    def __init__(self, path: str) -> None:
        super().__init__("forbidden", f"the user of the API key may not read {path}")


class _PassingError(Exception):
    """A failure that another try may mend."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _TooManyError(Exception):
    """429: told to wait, which costs no try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Answer:
    """A JSON object from Cliniko and the instant, by Cliniko's clock, at which it was given."""

    payload: dict[str, Any]
    given_at: datetime


@dataclass
class Counters:
    """What the requests cost."""

    requests: int = 0
    rate_limit_waits: int = 0
    answered_429: int = 0


@dataclass
class Client:
    """Talks to one organization's Cliniko. Close it, or use it in a `with`."""

    base_url: str
    api_key: Secret
    settings: ClinikoSettings
    pace: Pace
    check: Callable[[], None] = lambda: None
    """Called before each request and during waits; raises to end the run."""
    on_wait: Callable[[float, str], None] = lambda *_: None
    """Told each second how long is still to be waited, and for what."""
    counters: Counters = field(default_factory=Counters)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep

    def __post_init__(self) -> None:
        base_url_for(self.api_key.reveal(), self.base_url)
        token = base64.b64encode(f"{self.api_key.reveal()}:".encode()).decode()
        self._http = httpx.Client(
            headers={
                "Authorization": f"Basic {token}",
                "Accept": "application/json",
                "User-Agent": f"routiq ({self.settings.contact})",
            },
            timeout=httpx.Timeout(self.settings.request_seconds, connect=10),
            follow_redirects=False,
            trust_env=not is_loopback(self.base_url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self.pace.close()

    def url(self, path: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
        query = urlencode(parameters)
        return f"{self.base_url}{path}{'?' if query else ''}{query}"

    def get(self, url: str, check: Callable[[dict[str, Any]], str | None] = lambda _: None) -> Answer:
        """GET an address below ours. `check` may say what is wrong with the answer; then it is asked again.

        Raises:
            SyncError: the answer is final, or did not come in all the tries.
        """
        if not is_below(url, self.base_url):
            raise SyncError("foreign_link", "Cliniko's answer links to another host; it is not followed")
        path = urlsplit(url).path
        patience = self.clock() + self.settings.patience_seconds
        try:
            for attempt in stamina.retry_context(
                on=_PassingError,
                attempts=self.settings.attempts,
                timeout=None,
                wait_initial=self.settings.retry_seconds,
                wait_max=30.0,
                wait_jitter=self.settings.retry_seconds,
            ):
                with attempt:
                    return self._get_when_allowed(url, path, check, patience)
        except _PassingError as failure:
            raise SyncError(failure.code, f"{path}: {failure}") from None
        raise AssertionError("unreachable")

    def _get_when_allowed(
        self, url: str, path: str, check: Callable[[dict[str, Any]], str | None], patience: float
    ) -> Answer:
        while True:
            try:
                answer = self._get_once(url, path)
            except _TooManyError as told:
                if self.clock() + told.seconds > patience:
                    raise SyncError("rate_limited", f"{path}: Cliniko went on answering 429") from None
                self.counters.answered_429 += 1
                self.counters.rate_limit_waits += 1
                self._wait(told.seconds, "Cliniko says too many requests (429)")
                continue
            if fault := check(answer.payload):
                raise _PassingError("wrong_shape", fault)
            return answer

    def _wait(self, seconds: float, reason: str) -> None:
        """Sleep in slices, so that a lost lease ends the wait and people see why nothing moves."""
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0:
            self.check()
            self.on_wait(left, reason)
            self.sleep(min(left, 1.0))

    def _get_once(self, url: str, path: str) -> Answer:
        self.check()
        if (pause := self.pace.pause()) > 0:
            self.counters.rate_limit_waits += 1
            self._wait(pause, "the requests allowed a minute are used up")
        self.pace.sending()
        self.counters.requests += 1
        try:
            return self._exchange(url, path)
        except httpx.ConnectError:
            host = urlsplit(self.base_url).hostname
            raise _PassingError("unreachable", f"{host} cannot be reached; check the network") from None
        except httpx.TimeoutException:
            raise _PassingError("timeout", "no answer in time") from None
        except httpx.HTTPError as error:
            raise _PassingError("network", f"the connection broke ({type(error).__name__})") from None
        finally:
            self.pace.answered()

    def _exchange(self, url: str, path: str) -> Answer:
        deadline = time.monotonic() + self.settings.request_seconds
        with self._http.stream("GET", url) as response:
            _refuse(response, path)
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > self.settings.answer_megabytes * 1_000_000:
                    raise SyncError("too_large", f"{path}: the answer is larger than the limit")
                if time.monotonic() > deadline:
                    raise _PassingError("timeout", "the answer did not end in time")
        return Answer(_parse(bytes(body), response), _given_at(response))


def _refuse(response: httpx.Response, path: str) -> None:
    """Raise for every status but 200."""
    status = response.status_code
    if status == 200:
        return
    if status == 429:
        raise _TooManyError(_seconds_to_wait(response))
    if status == 403:
        raise ForbiddenError(path)
    if status in _FINAL:
        code, message = _FINAL[status]
        raise SyncError(code, f"{path}: {message} ({status})")
    if status >= 500:
        raise _PassingError("server_error", f"Cliniko answers {status}")
    raise SyncError("unexpected_status", f"{path}: Cliniko answers {status}")


def _parse(body: bytes, response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        kind = response.headers.get("content-type", "no type").partition(";")[0][:40]
        raise _PassingError("not_json", f"Cliniko answers {kind} instead of JSON")
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        payload = _parse_leniently(body)
    if not isinstance(payload, dict):
        raise _PassingError("wrong_shape", "the answer is not an object")
    return payload


def _parse_leniently(body: bytes) -> object:
    """Half a surrogate pair spoils the page for the fast parser; this one leaves it to the row's check."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _PassingError("not_json", "the answer is cut short or not JSON") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _given_at(response: httpx.Response) -> datetime:
    try:
        return parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        raise _PassingError("wrong_shape", "the answer does not say when it was given (Date)") from None


def _seconds_to_wait(response: httpx.Response) -> float:
    """Until the window resets by Cliniko's own clock, and a little later, lest runs return as one."""
    headers, jitter = response.headers, random.uniform(0.2, 1.0)  # noqa: S311
    try:
        if reset := headers.get("x-ratelimit-reset"):
            now = parsedate_to_datetime(headers["date"]).timestamp() if "date" in headers else time.time()
            return min(max(float(reset) - now, 0.0), 120.0) + jitter
        if after := headers.get("retry-after"):
            return min(max(float(after), 0.0), 600.0) + jitter
    except ValueError:
        pass
    return 15.0 + jitter
