"""Sealing secrets at rest: AES-256-GCM, a data key per organization wrapped by the key of the environment.

Organization, name, version and the address a value is for are associated data: a sealed value copied to
another organization's row, an old one put back, or one whose address was changed, does not open.
"""

import os
from dataclasses import dataclass
from typing import Never

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEK_ID = "ROUTIQ_MASTER_KEY"
_NONCE_BYTES = 12


class SealError(Exception):
    """A sealed value does not open: another key, another row, or a changed byte."""


class Secret:
    """A string that does not print, log, serialise or pickle itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True)
class Sealed:
    """What the database keeps. Each part begins with its nonce."""

    wrapped_key: bytes
    ciphertext: bytes
    version: int
    kek_id: str = KEK_ID


def seal(
    master_key: bytes, organization_id: str, name: str, version: int, address: str, value: Secret
) -> Sealed:
    """Seal a value that may go to `address` and nowhere else."""
    data_key = AESGCM.generate_key(bit_length=256)
    place = _associated(organization_id, name, version, address)
    return Sealed(
        wrapped_key=_encrypt(master_key, data_key, _associated(organization_id, "data key", version)),
        ciphertext=_encrypt(data_key, value.reveal().encode(), place),
        version=version,
    )


def unseal(master_key: bytes, organization_id: str, name: str, address: str, sealed: Sealed) -> Secret:
    """Open a value where it belongs.

    Raises:
        SealError: it was sealed for another place, by another key, or was changed.
    """
    if sealed.kek_id != KEK_ID:
        raise SealError(f"the value was sealed by the key '{sealed.kek_id}', which is not here")
    data_key = _decrypt(
        master_key, sealed.wrapped_key, _associated(organization_id, "data key", sealed.version)
    )
    place = _associated(organization_id, name, sealed.version, address)
    return Secret(_decrypt(data_key, sealed.ciphertext, place).decode())


def rewrap(old_key: bytes, new_key: bytes, organization_id: str, sealed: Sealed) -> bytes:
    """The data key wrapped by another master key; what it seals stays as it is.

    Raises:
        SealError: the old master key does not open it.
    """
    place = _associated(organization_id, "data key", sealed.version)
    return _encrypt(new_key, _decrypt(old_key, sealed.wrapped_key, place), place)


def _associated(organization_id: str, name: str, version: int, *more: str) -> bytes:
    """Each part preceded by its length, so that no two places share one encoding."""
    parts = [part.encode() for part in (organization_id, name, str(version), *more)]
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def _encrypt(key: bytes, value: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, associated)


def _decrypt(key: bytes, value: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(value[:_NONCE_BYTES], value[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError):
        raise SealError(
            "the sealed value does not open: ROUTIQ_MASTER_KEY is another one, or the row was changed "
            "(`routiq doctor` says what to do)"
        ) from None
