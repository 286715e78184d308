"""The public keys that sign session tokens: fetched from the issuer, kept, replaced when it rotates them.

No request waits for the network when its key is known. An unknown key id costs at most one fetch a minute
for the whole process, however many forged tokens arrive; those that come while it runs share its result.
When the issuer is away, the keys we have serve on for a day.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from serving.http.logs import log

REFETCH_SECONDS = 60.0
KEEP_SECONDS = 24 * 3600.0
FETCH_TIMEOUT_SECONDS = 2.0
LARGEST_SET = 64 * 1024

Fetch = Callable[[], Awaitable[bytes]]


class SigningKeys(Protocol):
    """Where the verifier finds a key."""

    def ready(self) -> bool: ...

    async def find(self, key_id: str) -> RSAPublicKey | None: ...


class FixedKey:
    """One configured public key: whatever the key id says, the signature must be of this key."""

    def __init__(self, pem: str) -> None:
        self._key = strong_rsa(load_pem_public_key(pem.encode()))

    def ready(self) -> bool:
        return True

    async def find(self, key_id: str) -> RSAPublicKey | None:
        return self._key if key_id else None


class FetchedJwks:
    """The issuer's key set."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    def ready(self) -> bool:
        return bool(self._keys) and self._clock() - self._fetched_at < KEEP_SECONDS

    async def find(self, key_id: str) -> RSAPublicKey | None:
        if not self._known(key_id):
            async with self._lock:
                if not self._known(key_id) and self._clock() - self._asked_at >= REFETCH_SECONDS:
                    self._asked_at = self._clock()
                    await self.refresh()
        return self._keys[key_id] if self._known(key_id) else None

    async def refresh(self) -> bool:
        """Replace the keys by those the issuer shows now; on any failure keep the ones we have."""
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_SECONDS):
                keys = read_jwks(await self._fetch())
        except (TimeoutError, httpx.HTTPError, ValueError) as error:
            log.warning("keys_not_fetched", error=type(error).__name__)
            return False
        self._keys = keys
        self._fetched_at = self._clock()
        return True

    def _known(self, key_id: str) -> bool:
        return key_id in self._keys and self.ready()


def read_jwks(document: bytes) -> dict[str, RSAPublicKey]:
    """Key id -> key, of the RSA keys for RS256 signatures; keys of other kinds are passed over.

    Raises:
        ValueError: this is no key set, or it holds no such key.
    """
    content = json.loads(document)
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no key set")  # noqa: TRY004 - content, not type
    keys = {str(entry["kid"]): read_key(entry) for entry in entries if is_for_signatures(entry)}
    if not keys:
        raise ValueError("the key set holds no RSA key for signatures")
    return keys


def is_for_signatures(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("kty") == "RSA"
        and entry.get("alg", "RS256") == "RS256"
        and entry.get("use", "sig") == "sig"
        and "d" not in entry
        and isinstance(entry.get("kid"), str)
        and entry["kid"] != ""
    )


def read_key(entry: dict[str, object]) -> RSAPublicKey:
    try:
        return strong_rsa(jwt.PyJWK(entry, algorithm="RS256").key)
    except jwt.PyJWTError as error:
        raise ValueError(f"unreadable key ({type(error).__name__})") from None


def strong_rsa(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise ValueError("a session key must be an RSA public key of at least 2048 bits")
    return key


def fetch_from(url: str) -> Fetch:
    """How the key set is fetched: no redirects, no proxies of the environment, a small answer."""

    async def fetch() -> bytes:
        async with (
            httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS, trust_env=False) as client,
            client.stream("GET", url, headers={"Accept": "application/json"}) as response,
        ):
            if response.status_code != 200:
                raise ValueError("the issuer does not show its keys")
            document = b""
            async for chunk in response.aiter_bytes():
                document += chunk
                if len(document) > LARGEST_SET:
                    raise ValueError("the key set is too large")
            return document

    return fetch


async def keep_fresh(keys: FetchedJwks, every_seconds: float = 300.0, retry_seconds: float = 1.0) -> None:
    """Fetch now, then every few minutes, so that withdrawn keys go; quickly again until there are some."""
    while True:
        await keys.refresh()
        await asyncio.sleep(every_seconds if keys.ready() else retry_seconds)
