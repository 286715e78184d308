"""Raw records -> the facts of a clinic as known now: one patient after merges, one visit, one message.

What was purged upstream is not here, except patients, who are counted. Nothing here depends on an instant.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.reference.raw import RawClinic, Row, current, held

RECEIVED, MEMO = 2, 12


def earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


@dataclass(frozen=True)
class Fact:
    """Something made at one instant and taken away at another, or never."""

    id: str
    created_at: datetime
    removed_at: datetime | None

    def counts_at(self, as_of: datetime) -> bool:
        return self.created_at <= as_of and (self.removed_at is None or self.removed_at > as_of)


@dataclass(frozen=True)
class Patient(Fact):
    survivor_id: str
    is_merged: bool
    is_purged: bool
    first_name: str | None
    last_name: str | None
    phone: str | None
    phone_note: str | None
    has_forbidden_phone: bool
    email: str | None
    updated_at: datetime

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.last_name) if part)

    def is_live_at(self, as_of: datetime) -> bool:
        return self.counts_at(as_of) and not self.is_merged and not self.is_purged


@dataclass(frozen=True)
class Visit(Fact):
    kind: str
    patient_id: str
    class_id: str | None
    starts_at: datetime
    cancelled_at: datetime | None
    did_not_arrive: bool
    appointment_type_id: str | None
    practitioner_id: str | None
    business_id: str | None


@dataclass(frozen=True)
class Invoice(Fact):
    patient_id: str
    signed_amount: Decimal


@dataclass(frozen=True)
class Case(Fact):
    patient_id: str
    closed_at: datetime | None


@dataclass(frozen=True)
class Message(Fact):
    """A communication that came from the patient."""

    patient_id: str


@dataclass(frozen=True)
class Note(Fact):
    patient_id: str
    practitioner_id: str | None
    title: str | None
    is_draft: bool
    updated_at: datetime


@dataclass(frozen=True)
class Business(Fact):
    time_zone: str | None


@dataclass(frozen=True)
class Attempt:
    """One row of the outreach log."""

    id: uuid.UUID
    patient_id: str
    method: str
    outcome: str
    occurred_at: datetime
    opened_at: datetime | None

    @property
    def is_success(self) -> bool:
        return self.outcome == "success"


@dataclass(frozen=True)
class Facts:
    organization_id: str
    patients: Mapping[str, Patient]
    visits: Sequence[Visit]
    invoices: Sequence[Invoice]
    cases: Sequence[Case]
    messages: Sequence[Message]
    notes: Sequence[Note]
    businesses: Sequence[Business]
    attempts: Sequence[Attempt]
    type_names: Mapping[str, str | None]
    practitioner_names: Mapping[str, str | None]
    can_read_invoices: bool


def facts_of(raw: RawClinic) -> Facts:
    merged_into = merges(raw.versions["patients"])
    latest = current(raw.versions["patients"])

    def survivor(patient_id: str) -> str:
        return follow(merged_into, patient_id)

    def of_patients(feed: str) -> list[Row]:
        """Rows that name a patient, the name being the survivor's."""
        return [
            {**row, "patient_id": survivor(row["patient_id"]), "named_patient_id": row["patient_id"]}
            for row in held(raw.versions[feed])
            if row["patient_id"] is not None
        ]

    return Facts(
        organization_id=raw.organization_id,
        patients={row_id: _patient(raw, row_id, survivor(row_id)) for row_id in latest},
        visits=[
            *(_individual(row) for row in of_patients("individual_appointments")),
            *_seats(of_patients("attendees"), held(raw.versions["group_appointments"])),
        ],
        invoices=[
            Invoice(**_made(row), patient_id=row["patient_id"], signed_amount=_signed(row))
            for row in of_patients("invoices")
        ],
        cases=[
            Case(**_made(row), patient_id=row["patient_id"], closed_at=row["closed_at"])
            for row in of_patients("patient_cases")
        ],
        messages=[
            Message(**_made(row), patient_id=row["patient_id"])
            for row in of_patients("communications")
            if row["direction_code"] == RECEIVED and row["category_code"] != MEMO
        ],
        notes=[
            Note(
                **_made(row),
                patient_id=row["patient_id"],
                practitioner_id=row["practitioner_id"],
                title=row["title"],
                is_draft=bool(row["draft"]),
                updated_at=row["updated_at"],
            )
            for row in of_patients("treatment_notes")
            if not _is_forgotten(latest, row["named_patient_id"], row["patient_id"])
        ],
        businesses=[
            Business(**_made(row), time_zone=row["time_zone_identifier"])
            for row in held(raw.versions["businesses"])
        ],
        attempts=[_attempt(row, survivor(row["patient_id"])) for row in raw.outreach],
        type_names=_last_known(raw.versions["appointment_types"], "name"),
        practitioner_names=_last_known(raw.versions["practitioners"], "display_name"),
        can_read_invoices=raw.can_read_invoices,
    )


def merges(versions: Sequence[Row]) -> dict[str, str]:
    """Who was merged into whom, as Cliniko last said while it still held the record."""
    return {
        patient_id: survivor_id
        for patient_id, survivor_id in _last_known(versions, "merged_with_patient_id").items()
        if survivor_id is not None
    }


def _last_known(versions: Sequence[Row], column: str) -> dict[str, str | None]:
    return {record_id: row[column] for record_id, row in _last_seen(versions).items()}


def _last_seen(versions: Sequence[Row]) -> dict[str, Row]:
    """What Cliniko last said of each record while it still held it."""
    return current([version for version in versions if version["purged_at"] is None])


def follow(merged_into: Mapping[str, str], patient_id: str) -> str:
    """Along the chain to its end; of a loop the smallest id."""
    path = [patient_id]
    while path[-1] in merged_into:
        following = merged_into[path[-1]]
        if following in path:
            return min(path[path.index(following) :], key=int)
        path.append(following)
    return path[-1]


def _made(row: Row) -> dict[str, Any]:
    removed_at = earliest(row["archived_at"], row.get("deleted_at"))
    return {"id": row["id"], "created_at": row["created_at"], "removed_at": removed_at}


def _is_forgotten(latest: Mapping[str, Row], patient_id: str, survivor_id: str) -> bool:
    """Who was purged, or was merged into one who was: neither name nor notes of theirs are served."""
    return any(latest[it]["purged_at"] for it in (patient_id, survivor_id) if it in latest)


def _patient(raw: RawClinic, patient_id: str, survivor_id: str) -> Patient:
    latest, last_seen = current(raw.versions["patients"]), _last_seen(raw.versions["patients"])
    person = {} if _is_forgotten(latest, patient_id, survivor_id) else latest[patient_id]
    numbers = person.get("patient_phone_numbers") or ()
    phone = chosen_phone(numbers)
    return Patient(
        **_made(last_seen[patient_id]),
        survivor_id=survivor_id,
        is_merged=survivor_id != patient_id,
        is_purged=latest[patient_id]["purged_at"] is not None,
        first_name=person.get("first_name") or None,
        last_name=person.get("last_name") or None,
        phone=phone.get("phone_e164"),
        phone_note=phone.get("phone_note"),
        has_forbidden_phone=any(map(is_forbidden, numbers)),
        email=person.get("email") or None,
        updated_at=latest[patient_id]["updated_at"],
    )


def chosen_phone(numbers: Iterable[Row]) -> Row:
    valid = [number for number in numbers if number["phone_e164"] and not is_forbidden(number)]
    mobiles = [number for number in valid if number["phone_type"] == "Mobile"]
    spoken = [number for number in valid if number["phone_type"] != "Fax"]
    return next(iter((*mobiles, *spoken)), {})


def is_forbidden(number: Row) -> bool:
    return bool(number.get("is_forbidden"))


def _individual(row: Row) -> Visit:
    return Visit(
        **_made(row),
        kind="individual",
        patient_id=row["patient_id"],
        class_id=None,
        starts_at=row["starts_at"],
        cancelled_at=row["cancelled_at"],
        did_not_arrive=bool(row["did_not_arrive"]),
        appointment_type_id=row["appointment_type_id"],
        practitioner_id=row["practitioner_id"],
        business_id=row["business_id"],
    )


def _seats(attendees: Sequence[Row], classes: Sequence[Row]) -> list[Visit]:
    """The attendees of classes; those of individual appointments are ignored."""
    by_id = {row["id"]: row for row in classes}
    return [_seat(row, by_id[row["booking_id"]]) for row in attendees if row["booking_id"] in by_id]


def _seat(row: Row, held_class: Row) -> Visit:
    removed_at = earliest(_made(row)["removed_at"], _made(held_class)["removed_at"])
    return Visit(
        id=row["id"],
        created_at=row["created_at"],
        removed_at=removed_at,
        kind="group",
        patient_id=row["patient_id"],
        class_id=held_class["id"],
        starts_at=held_class["starts_at"],
        cancelled_at=row["cancelled_at"],
        did_not_arrive=False,
        appointment_type_id=held_class["appointment_type_id"],
        practitioner_id=held_class["practitioner_id"],
        business_id=held_class["business_id"],
    )


def _signed(row: Row) -> Decimal:
    total = Decimal(row["total_amount"] or 0)
    return total if row["original_invoice_id"] is None else -abs(total)


def _attempt(row: Row, survivor_id: str) -> Attempt:
    return Attempt(
        id=row["id"],
        patient_id=survivor_id,
        method=row["method"],
        outcome=row["outcome"],
        occurred_at=row["occurred_at"],
        opened_at=row["opened_at"],
    )
