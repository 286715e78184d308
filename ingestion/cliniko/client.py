"""One request to Cliniko, as often as it takes: pace, key, caps, what is tried again and what is final.

Nothing here knows feeds or pages. Errors name the path and the status, never the key or a record.
"""

import base64
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
import stamina

from ingestion.cliniko.address import base_url_for, is_below
from ingestion.cliniko.pace import Pace
from ingestion.errors import SyncError
from ingestion.settings import ClinikoSettings
from warehouse.loopback import is_loopback_url
from warehouse.sealing import Secret

# A number, not within a text, of more digits than a float is sure to hold.
_LONG_NUMBER = re.compile(rb"[:\[,]\s*-?(?=[\d.]{17})\d+\.\d")

# It would log each retry in words and to places of its own; whoever waits is told by `on_wait`.
stamina.instrumentation.set_on_retry_hooks(())

_FINAL = {
    400: ("refused", "Cliniko refuses the request"),
    401: ("wrong_key", "Cliniko refuses the API key; check the key and that it belongs to this shard"),
    403: ("forbidden", "the user of the API key may not read it"),
    404: ("not_found", "Cliniko knows no such list here; check the address and the shard of the key"),
    410: ("gone", "Cliniko has this list no longer; look for a newer version of routiq"),
    422: ("refused", "Cliniko refuses the request"),
}
WORDS_BYTES = 4096
WORDS_LENGTH = 200
_MARKUP = re.compile(r"<[^>]*>?|>")


class RefusedError(SyncError):
    """Cliniko does not do what is asked, such as filter by a field; `words` are its own."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__("refused", message)
        self.words = words


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
    """Told each second how long is still to be waited, and for what; before another try once."""
    tries_seconds: float | None = None
    """After this long no further try of one request begins; None: as many as `settings` say."""
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
            trust_env=not is_loopback_url(self.base_url),
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
                timeout=self.tries_seconds,
                wait_initial=self.settings.retry_seconds,
                wait_max=30.0,
                wait_jitter=self.settings.retry_seconds,
            ):
                with attempt:
                    try:
                        return self._get_when_allowed(url, path, check, patience)
                    except _PassingError as failure:
                        if attempt.num < self.settings.attempts:
                            self.on_wait(attempt.next_wait, f"{path}: {failure}, asked again")
                        raise
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
            if response.status_code != 200:
                words = _words(response, deadline).replace(self.api_key.reveal(), "...")
                raise _failure(response, path, words)
            body = _read(response, self.settings.answer_megabytes * 1_000_000, deadline)
        if body is None:
            raise SyncError("too_large", f"{path}: the answer is larger than the limit")
        return Answer(_parse(body, response), _given_at(response))


def _read(response: httpx.Response, limit: int, deadline: float) -> bytes | None:
    """The whole body, or None if it is larger than `limit`."""
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > limit:
            return None
        if time.monotonic() > deadline:
            raise _PassingError("timeout", "the answer did not end in time")
    return bytes(body)


def _failure(response: httpx.Response, path: str, words: str) -> Exception:
    """What every status but 200 comes to."""
    status = response.status_code
    if status == 429:
        return _TooManyError(_seconds_to_wait(response))
    if status >= 500:
        return _PassingError("server_error", f"Cliniko answers {status}")
    code, message = _FINAL.get(status, ("unexpected_status", "Cliniko answers what it should not"))
    told = f"{path}: {message} ({status}){f'; Cliniko says: {words}' if words else ''}"
    return RefusedError(told, words) if code == "refused" else SyncError(code, told)


def _words(response: httpx.Response, deadline: float) -> str:
    """The message of a JSON refusal, as one short printable line without markup."""
    if response.status_code >= 500 or "json" not in response.headers.get("content-type", ""):
        return ""
    try:
        message = orjson.loads(_read(response, WORDS_BYTES, deadline) or b"{}")["message"]
    except (ValueError, TypeError, KeyError):
        return ""
    if not isinstance(message, str):
        return ""
    printable = "".join(sign if sign.isprintable() else " " for sign in message)
    return " ".join(_MARKUP.sub(" ", printable).split())[:WORDS_LENGTH]


def _parse(body: bytes, response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("content-type", ""):
        kind = response.headers.get("content-type", "no type").partition(";")[0][:40]
        raise _PassingError("not_json", f"Cliniko answers {kind} instead of JSON")
    try:
        payload = orjson.loads(body) if _LONG_NUMBER.search(body) is None else _parse_leniently(body)
    except orjson.JSONDecodeError:
        payload = _parse_leniently(body)
    if not isinstance(payload, dict):
        raise _PassingError("wrong_shape", "the answer is not an object")
    return payload


def _parse_leniently(body: bytes) -> object:
    """Half a surrogate pair spoils the page for the fast parser, which also rounds long numbers; this one
    leaves both to the row's check."""
    try:
        return json.loads(body, parse_constant=_refuse_constant, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
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
