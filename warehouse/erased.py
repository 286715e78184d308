"""Who was erased on request: known again by a keyed hash, whether a sync or an old backup brings them back.

The hashes stand in `app.erased_patients` and once more in a file of `ROUTIQ_HOME`, because a database that
was restored is older than some of them. Neither names anybody.

organization and patient id -> HMAC-SHA256 under ROUTIQ_ERASURE_KEY -> table and file
"""

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from warehouse.settings import Settings

FILE = "erased-patients"


@dataclass(frozen=True)
class ErasedPatients:
    """Those of one organization; `patient_id in erased`."""

    organization_id: str
    key: bytes
    hashes: frozenset[bytes]

    def __contains__(self, patient_id: object) -> bool:
        if not self.hashes:
            return False
        return keyed_hash(self.key, self.organization_id, str(patient_id)) in self.hashes

    def __bool__(self) -> bool:
        return bool(self.hashes)


def keyed_hash(key: bytes, *parts: str) -> bytes:
    """Each part is preceded by its length, so that no two names share one hash."""
    encoded = [part.encode() for part in parts]
    message = b"".join(len(part).to_bytes(4) + part for part in encoded)
    return hmac.digest(key, message, hashlib.sha256)


def erasure_key(settings: Settings) -> bytes:
    return settings.erasure_key.get_secret_value().encode()


def erased_patients(
    settings: Settings, connection: psycopg.Connection, organization_id: str
) -> ErasedPatients:
    """What table and file know; in the file are those of all organizations, and a hash matches its own."""
    rows = connection.execute(
        "select patient_hash from app.erased_patients where organization_id = %s", [organization_id]
    )
    hashes = {bytes(row[0]) for row in rows.fetchall()} | read_file(settings)
    return ErasedPatients(organization_id, erasure_key(settings), frozenset(hashes))


def remember(
    settings: Settings, connection: psycopg.Connection, organization_id: str, patient_ids: Iterable[str]
) -> None:
    """Into the file first: what is there without a row is erased at the next occasion, never forgotten."""
    hashes = {keyed_hash(erasure_key(settings), organization_id, each) for each in patient_ids}
    _append(settings, sorted(hashes - read_file(settings)))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into app.erased_patients values (%s, %s) on conflict do nothing",
            [(organization_id, each) for each in sorted(hashes)],
        )


def remember_removed(settings: Settings, organization_id: str) -> bytes:
    """Into the file, lest a backup brings a whole organization back unnoticed; returns its hash."""
    hash_ = keyed_hash(erasure_key(settings), organization_id)
    _append(settings, {hash_} - read_file(settings))
    return hash_


def removed_once(settings: Settings, organization_ids: Iterable[str]) -> list[str]:
    """Which of them were removed here, be it that they were added again since."""
    known, key = read_file(settings), erasure_key(settings)
    return [each for each in organization_ids if keyed_hash(key, each) in known]


def file_of(settings: Settings) -> Path:
    return settings.home / FILE


def read_file(settings: Settings) -> set[bytes]:
    try:
        lines = file_of(settings).read_text().split()
    except FileNotFoundError:
        return set()
    return {bytes.fromhex(line) for line in lines if len(line) == 64}


def _append(settings: Settings, hashes: Iterable[bytes]) -> None:
    """Each on a line of its own, also after one that a crash cut short: that one was not erased."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file_of(settings), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"\n{each.hex()}\n" for each in hashes)
        file.flush()
        os.fsync(descriptor)
