"""What a clinic is asked to be: how large, where, and seen from which instant."""

from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True, slots=True)
class Sizes:
    """Exact numbers of records; `individual_attendees`: the one seat Cliniko keeps for each appointment."""

    patients: int
    appointments: int
    group_attendees: int
    invoices: int
    notes: int
    communications: int
    individual_attendees: bool = True
    cases: bool = True

    @classmethod
    def believable(cls, patients: int) -> "Sizes":
        return cls(
            patients=patients,
            appointments=patients * 5,
            group_attendees=patients * 3 // 10,
            invoices=patients * 4,
            notes=patients * 5 // 2,
            communications=patients * 6,
        )

    @classmethod
    def bare(cls, patients: int, appointments: int) -> "Sizes":
        """Patients and their appointments, and nothing else."""
        return cls(patients, appointments, 0, 0, 0, 0, individual_attendees=False, cases=False)


@dataclass(frozen=True, slots=True)
class ClinicOptions:
    seed: int
    as_of: int
    sizes: Sizes
    name: str = "Fennel Street Movement"
    time_zone: str = "Australia/Sydney"
    country: str = "AU"
    api_key: str = ""
    businesses: int = 2
    forbidden: tuple[str, ...] = field(default=())

    def rng(self, *purpose: object) -> Random:
        """Chance of its own for each purpose, so that asking for more of one thing leaves the others."""
        return Random(":".join(map(str, (self.seed, *purpose))))  # noqa: S311 - a story, not a secret

    @property
    def key(self) -> str:
        """In the shape of Cliniko's keys, with the shard at the end; nobody's."""
        if self.api_key:
            return self.api_key
        letters = self.rng("key").choices("abcdefghijklmnopqrstuvwxyz0123456789", k=32)
        return f"sandbox-{''.join(letters)}-au2"


class Quota:
    """Deals a total out over slots that come one by one, so that at the end exactly the total is dealt."""

    def __init__(self, total: int, slots: int) -> None:
        self._total = total
        self._slots = max(slots, 1)
        self._seen = 0

    def deal(self, slots: int) -> int:
        before = self._total * self._seen // self._slots
        self._seen += slots
        return self._total * self._seen // self._slots - before
