"""Where an organization's Cliniko is: from its key's shard, or as given; and which links lead there.

Our key goes with every request, so a host is checked before it is asked, anew by each client: Cliniko's own,
on the key's shard, or this machine (the sandbox).
"""

import re
from urllib.parse import SplitResult, urlsplit

from ingestion.errors import SyncError
from warehouse.loopback import is_loopback_url

_KEY_SHARD = re.compile(r".*-([a-z]{2}\d{1,2})", re.ASCII | re.DOTALL)
_CLINIKO_HOST = re.compile(r"api\.([a-z]{2}\d{1,2})\.cliniko\.com", re.ASCII)
DEFAULT_SHARD = "au1"


def shard_of(api_key: str) -> str:
    """The part of a key after its last dash; keys without one are of the oldest shard."""
    found = _KEY_SHARD.fullmatch(api_key)
    return found[1] if found else DEFAULT_SHARD


def base_url_for(api_key: str, given: str | None = None) -> str:
    """The base URL with `/v1`, checked.

    Raises:
        SyncError: `bad_address`: not Cliniko's and not this machine; `wrong_shard`: not the key's own.
    """
    if given is None:
        return f"https://api.{shard_of(api_key)}.cliniko.com/v1"
    parts, port = _parts_of(given)
    host = parts.hostname or ""
    found = _CLINIKO_HOST.fullmatch(host)
    if not (is_loopback_url(given) and parts.scheme in {"http", "https"}) and not (
        found and parts.scheme == "https" and port in {None, 443}
    ):
        raise SyncError("bad_address", f"{host or given!r} is neither Cliniko over https nor this machine")
    if found and found[1] != shard_of(api_key):
        raise SyncError(
            "wrong_shard", f"the key belongs to shard {shard_of(api_key)}, the address to {found[1]}"
        )
    root = given.rstrip("/")
    return root if root.endswith("/v1") else f"{root}/v1"


def _parts_of(given: str) -> tuple[SplitResult, int | None]:
    """An address and nothing more: what else may stand in a URL could say another host to another reader."""
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise SyncError("bad_address", "the address cannot be read as one") from None
    if not given.isascii() or not given.isprintable() or set(given) & set(" \\@?#%"):
        raise SyncError(
            "bad_address", "an address is https://HOST or https://HOST/v1, without user, query or fragment"
        )
    return parts, port


def is_below(url: str, base_url: str) -> bool:
    """Whether a link leads to the same scheme, host and port, below the base path."""
    link, base = urlsplit(url), urlsplit(base_url)
    return (
        (link.scheme, link.netloc) == (base.scheme, base.netloc)
        and link.path.startswith(f"{base.path}/")
        and ".." not in link.path
    )
