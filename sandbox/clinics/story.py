"""What happened in a clinic, person by person: the one source of both the records and the truth.

Plain facts with their instants (whole seconds). No rule of the product is here, and nothing that follows
from a rule: whether a visit counts as attended is for `truth` to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

CLINIC_FILE = "story/clinic.json"
PATIENTS_FILE = "story/patients.jsonl"


@dataclass(slots=True)
class Business:
    id: str
    name: str
    city: str
    time_zone: str
    created_at: int
    updated_at: int
    removed_at: int | None = None


@dataclass(slots=True)
class Practitioner:
    id: str
    user_id: str
    title: str
    first_name: str
    last_name: str
    active: bool
    created_at: int
    updated_at: int

    @property
    def display_name(self) -> str:
        return " ".join(part for part in (self.title, self.first_name, self.last_name) if part)


@dataclass(slots=True)
class AppointmentType:
    id: str
    name: str
    category: str
    minutes: int
    price_cents: int
    max_attendees: int
    created_at: int
    updated_at: int
    removed_at: int | None = None


@dataclass(slots=True)
class GroupClass:
    """A class that people attend together; the seats are visits in the patients' stories."""

    id: str
    starts_at: int
    ends_at: int
    created_at: int
    updated_at: int
    appointment_type_id: str
    practitioner_id: str
    business_id: str
    max_attendees: int
    removed_at: int | None = None


@dataclass(slots=True)
class Phone:
    """`e164` is what may be rung; None when what was typed is no number at all, or forbids it."""

    number: str
    normalized_number: str
    phone_type: str
    e164: str | None


@dataclass(slots=True)
class Visit:
    """An individual appointment, or a seat in a class (`class_id` set; then the class says when it is).

    `booking_id` is the appointment's or the class's id, `attendee_id` the seat's.
    """

    booking_id: str
    attendee_id: str
    starts_at: int
    ends_at: int
    created_at: int
    updated_at: int
    appointment_type_id: str
    practitioner_id: str
    business_id: str
    class_id: str | None = None
    case_id: str | None = None
    did_not_arrive: bool = False
    arrived: bool = False
    cancelled_at: int | None = None
    cancellation_reason: int | None = None
    removed_at: int | None = None

    @property
    def id(self) -> str:
        return self.booking_id if self.class_id is None else self.attendee_id


@dataclass(slots=True)
class Message:
    id: str
    created_at: int
    type_code: int
    category_code: int
    inbound: bool
    booking_id: str | None = None
    attendee_id: str | None = None
    removed_at: int | None = None


@dataclass(slots=True)
class Item:
    id: str
    name: str
    quantity: int
    unit_cents: int


@dataclass(slots=True)
class Invoice:
    id: str
    number: int
    created_at: int
    updated_at: int
    total_cents: int
    items: list[Item]
    practitioner_id: str
    business_id: str
    original_id: str | None = None
    booking_id: str | None = None
    attendee_id: str | None = None
    closed_at: int | None = None
    removed_at: int | None = None


@dataclass(slots=True)
class Note:
    id: str
    created_at: int
    updated_at: int
    practitioner_id: str
    draft: bool
    booking_id: str | None = None
    attendee_id: str | None = None
    removed_at: int | None = None


@dataclass(slots=True)
class Case:
    id: str
    name: str
    created_at: int
    updated_at: int
    closed_at: int | None = None
    removed_at: int | None = None


@dataclass(slots=True)
class Patient:
    id: str
    created_at: int
    updated_at: int
    first_name: str
    last_name: str
    email: str
    phones: list[Phone]
    rhythm: str = ""
    archived_at: int | None = None
    merged_at: int | None = None
    merged_with: str | None = None
    purged_at: int | None = None
    visits: list[Visit] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)


@dataclass(slots=True)
class Clinic:
    """Everything that is not about one patient."""

    account_id: str
    name: str
    country: str
    time_zone: str
    seed: int
    as_of: int
    next_id: int
    next_invoice_number: int
    has_individual_attendees: bool
    forbidden: list[str]
    businesses: list[Business]
    practitioners: list[Practitioner]
    appointment_types: list[AppointmentType]
    classes: list[GroupClass]

    def new_id(self, gap: int = 1) -> str:
        self.next_id += gap
        return str(self.next_id)


@dataclass(slots=True)
class Story:
    clinic: Clinic
    patients: dict[str, Patient]

    def class_of(self) -> dict[str, GroupClass]:
        return {group_class.id: group_class for group_class in self.clinic.classes}


def _many(kind: Any, rows: Iterable[dict[str, Any]]) -> list[Any]:
    return [kind(**row) for row in rows]


def _patient(row: dict[str, Any]) -> Patient:
    row["phones"] = _many(Phone, row["phones"])
    row["visits"] = _many(Visit, row["visits"])
    row["messages"] = _many(Message, row["messages"])
    row["invoices"] = [Invoice(**{**one, "items": _many(Item, one["items"])}) for one in row["invoices"]]
    row["notes"] = _many(Note, row["notes"])
    row["cases"] = _many(Case, row["cases"])
    return Patient(**row)


def _clinic(row: dict[str, Any]) -> Clinic:
    row["businesses"] = _many(Business, row["businesses"])
    row["practitioners"] = _many(Practitioner, row["practitioners"])
    row["appointment_types"] = _many(AppointmentType, row["appointment_types"])
    row["classes"] = _many(GroupClass, row["classes"])
    return Clinic(**row)


def read_clinic(folder: Path) -> Clinic:
    return _clinic(orjson.loads((folder / CLINIC_FILE).read_bytes()))


def read_patients(folder: Path) -> Iterator[Patient]:
    with (folder / PATIENTS_FILE).open("rb") as lines:
        for line in lines:
            yield _patient(orjson.loads(line))


def load_story(folder: Path) -> Story:
    return Story(read_clinic(folder), {patient.id: patient for patient in read_patients(folder)})


def line(record: Any) -> bytes:
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def save_story(folder: Path, story: Story) -> None:
    """Each file is written beside and moved into place: a killed run leaves no half of one."""
    (folder / CLINIC_FILE).parent.mkdir(parents=True, exist_ok=True)
    for name, lines in (
        (PATIENTS_FILE, map(line, story.patients.values())),
        (CLINIC_FILE, iter([line(story.clinic)])),
    ):
        fresh = folder / f"{name}.new"
        with fresh.open("wb") as out:
            out.writelines(lines)
        fresh.replace(folder / name)
