"""What is on this machine itself. Only literal names of it count: what a resolver says may change."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_issuer(issuer: str, jwks_url: str, jwt_key: str) -> bool:
    """Whether whoever is on this machine may have tokens made, or the keys that they are checked by."""
    return is_loopback_url(issuer) or (not jwt_key and is_loopback_url(jwks_url))


def is_loopback_url(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
