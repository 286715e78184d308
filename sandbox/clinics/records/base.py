"""What all records share: links, and details invented from an id."""

from collections.abc import Sequence
from typing import Any, TypeVar

API = "https://api.au2.cliniko.com/v1"
Record = dict[str, Any]
T = TypeVar("T")


def link(path: str) -> Record:
    return {"links": {"self": f"{API}/{path}"}}


def listed(resource: str, field: str, record_id: str) -> Record:
    """A relation that leads to a filtered list, encoded as Cliniko encodes it."""
    return link(f"{resource}?q%5B%5D={field}%3A%3D{record_id}")


def own(resource: str, record_id: str) -> dict[str, str]:
    return {"self": f"{API}/{resource}/{record_id}"}


def present(**relations: Record | None) -> Record:
    """An empty relation is absent, not null."""
    return {name: relation for name, relation in relations.items() if relation is not None}


def maybe_link(resource: str, record_id: str | None) -> Record | None:
    return None if record_id is None else link(f"{resource}/{record_id}")


def some(record_id: str, salt: int, below: int) -> int:
    """A number below a limit that belongs to this id and purpose for ever."""
    mixed = (int(record_id) * 0x9E3779B97F4A7C15 + salt * 0xC2B2AE3D27D4EB4F) & 0xFFFFFFFFFFFFFFFF
    mixed ^= mixed >> 29
    return (mixed * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF) * below >> 64


def one_of(record_id: str, salt: int, choices: Sequence[T]) -> T:
    return choices[some(record_id, salt, len(choices))]


def money(cents: int) -> str:
    """A decimal string of varying scale: "121.0", "88.55"."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole}.{rest // 10}" if rest % 10 == 0 else f"{sign}{whole}.{rest:02d}"
