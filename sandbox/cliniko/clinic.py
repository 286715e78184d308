"""One clinic as it is served: its clinic.toml, its records, and the limits, faults and counts of its user."""

import re
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cliniko import made
from sandbox.cliniko.choices import Choices, read_choices
from sandbox.cliniko.faults import Faults
from sandbox.cliniko.limits import RateLimit, RequestCounts
from sandbox.cliniko.paging import Orders
from sandbox.cliniko.resources import LISTS
from sandbox.cliniko.store import Store
from sandbox.errors import SandboxError

_SHARD = re.compile(r"(?<=.)-[a-z]{2}[0-9]{1,2}$")


@dataclass(frozen=True)
class Profile:
    """What clinic.toml says."""

    name: str
    api_key: str = field(repr=False)
    time_zone: str
    country: str
    choices: Choices
    forbidden: frozenset[str]

    def opens_with(self, key: str) -> bool:
        """Cliniko's keys work with and without the shard at their end."""
        return key in {self.api_key, _SHARD.sub("", self.api_key)}


def read_profile(folder: Path) -> Profile:
    path = folder / "clinic.toml"
    try:
        values = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise SandboxError(f"{folder} is no clinic: it has no clinic.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SandboxError(f"{path}: is not valid TOML: {error}") from None
    forbidden = frozenset(values.get("forbidden", []))
    if unknown := forbidden - LISTS.keys() - {"settings"}:
        raise SandboxError(f"{path}: forbidden names unknown resources: {', '.join(sorted(unknown))}")
    texts = {name: _text(values, name, path) for name in ("name", "api_key", "time_zone", "country")}
    return Profile(**texts, choices=read_choices(values.get("choices", {}), str(path)), forbidden=forbidden)


def _text(values: dict[str, Any], name: str, path: Path) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise SandboxError(f"{path}: `{name}` is missing")
    return value


class Clinic:
    def __init__(self, folder: Path, limit: int | None, window: int = 60) -> None:
        self.folder = folder.resolve()
        self.profile = read_profile(self.folder)
        self.store = Store(self.folder)
        self.orders = Orders(self.store)
        self.limit = RateLimit(limit, window)
        self.faults = Faults()
        self.requests = RequestCounts()
        self.settings = made.settings(self.folder, self.profile)
        for name, make in made.MISSING.items():
            if not (self.folder / f"{name}.jsonl").is_file():
                self.store.put(name, [make(self.profile, self.folder.name)])

    @property
    def name(self) -> str:
        """The folder's name: what the control plane calls the clinic."""
        return self.folder.name

    def own_user_id(self) -> int:
        """The user that the key belongs to: the oldest one."""
        rows = self.store.index.select("select id from users order by created_at, id limit 1", [])["id"]
        return int(rows[0])


@dataclass
class Clinics:
    """The clinics of one server; no two share the folder's name, which the control plane uses, or the key."""

    limit: int | None = None
    window: int = 60
    all: list[Clinic] = field(default_factory=list)

    def open(self, folder: Path) -> None:
        profile = read_profile(folder)
        for other in self.all:
            if other.name == folder.resolve().name:
                raise SandboxError(f"two clinics have folders of the same name, {other.name}; rename one")
            if other.profile.api_key == profile.api_key:
                raise SandboxError(f"{folder} has the same api_key as {other.name}; each needs its own")
        self.all.append(Clinic(folder, self.limit, self.window))

    def close(self, clinic: Clinic) -> None:
        self.all.remove(clinic)
        clinic.store.close()


def now() -> float:
    """The server's clock, from which come the `Date` header, the windows of the limit and the writes."""
    return time.time()
