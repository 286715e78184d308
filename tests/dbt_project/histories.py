"""An organization's life in random steps: whatever Cliniko may do to a record, each step one load.

The same seed lives the same life. Records are few, so that they meet: merges of merged patients, seats in
classes that move, records that vanish and come back, and versions that are seen again or too late.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.dbt_project.clinic import NOON, Clinic, days, phone
from warehouse.settings import Settings

PATIENTS = [str(number) for number in range(1, 9)]
STRANGERS = ["98", "99"]  # asked for, and never seen
NAMES = ["Ines", "", "José", "Zoë\u0308", "李", "مريم", "Ada 🦘", None]
ZONES = ["Australia/Brisbane", "America/St_Johns", "Pacific/Apia", "Mars/Olympus", None]


class History:
    """`step` gives the rows of one more load; when it is accepted is the caller's to say."""

    def __init__(self, settings: Settings, organization_id: str, seed: int) -> None:
        self._settings, self._organization_id = settings, organization_id
        self._random = Random(seed)
        self._clock = NOON - days(100)
        self._records: dict[tuple[str, str], dict[str, Any]] = {}
        self._shown: list[tuple[str, dict[str, Any]]] = []
        self._load = Clinic(settings, organization_id)

    def begin(self) -> Clinic:
        """Everything once, so that later steps have something to change."""
        self._load = Clinic(self._settings, self._organization_id).create()
        for change in self._changes():
            for _ in range(6):
                change()
        for _ in range(24):
            outcome = self._one("success", "success", "no_response", "failed")
            self._load.outreach(self._someone(), outcome, self._instant())
        return self._load

    def step(self) -> Clinic:
        self._load = Clinic(self._settings, self._organization_id)
        self._clock += timedelta(hours=6)
        changes = [*self._changes(), self._person, self._person, self._vanish, self._vanish, self._show_again]
        for _ in range(self._random.randint(0, 7)):
            self._random.choice(changes)()
        return self._load

    def _changes(self) -> list[Callable[[], None]]:
        return [
            *(self._person, self._visit, self._visit, self._class, self._seat, self._seat),
            *(self._invoice, self._message, self._case, self._note, self._premises),
        ]

    def _write(self, feed: str, record_id: str, **changes: Any) -> None:
        """One of the changes, or all of them when the record is new; not every change moves `updated_at`."""
        record = self._records.setdefault((feed, record_id), {})
        kept = list(changes) if not record else self._random.sample(list(changes), 1)
        record.update({name: changes[name] for name in kept})
        self._clock += timedelta(seconds=1)
        if "updated_at" not in record or self._random.random() < 0.8:
            record["updated_at"] = self._clock
        self._show(feed, {"id": record_id, "created_at": NOON - days(150), **record})

    def _show(self, feed: str, row: dict[str, Any]) -> None:
        version = {**row, "seen_at": self._clock, "_dlt_id": f"{self._random.getrandbits(60):015x}"}
        self._shown.append((feed, version))
        self._load.add(feed, **version)

    def _vanish(self) -> None:
        feed, record_id = self._random.choice(list(self._records))
        stamp = self._records[feed, record_id]["updated_at"]
        self._clock += timedelta(seconds=1)
        self._show(feed, {"id": record_id, "updated_at": stamp, "purged_at": self._clock})

    def _show_again(self) -> None:
        feed, row = self._random.choice(self._shown)
        self._clock += timedelta(seconds=1)
        self._show(feed, row)

    def _one(self, *choices: Any) -> Any:
        return self._random.choice(choices)

    def _someone(self) -> str:
        return str(self._random.choice([*PATIENTS, *PATIENTS, *STRANGERS]))

    def _instant(self) -> datetime:
        return NOON + timedelta(hours=self._random.randint(-60 * 24, 20 * 24))

    def _sometimes(self) -> datetime | None:
        return self._one(None, None, self._instant())  # type: ignore[no-any-return]

    def _person(self) -> None:
        number = f"+6149157{self._random.randint(0, 9999):04}"
        self._write(
            "patients",
            self._random.choice(PATIENTS),
            first_name=self._random.choice(NAMES),
            last_name=self._random.choice(NAMES),
            email=self._one(None, "someone@example.com"),
            patient_phone_numbers=self._one([], None, [phone(number, self._one("Mobile", "Fax"), number)]),
            archived_at=self._sometimes(),
            deleted_at=self._sometimes(),
            merged_with_patient_id=self._one(None, None, self._someone()),
            merged_at=self._sometimes(),
        )

    def _visit(self) -> None:
        self._write(
            "individual_appointments",
            str(self._random.randint(100, 112)),
            patient_id=self._someone(),
            starts_at=self._instant(),
            created_at=self._instant(),
            cancelled_at=self._sometimes(),
            did_not_arrive=self._one(True, False, None),
            archived_at=self._sometimes(),
            deleted_at=self._sometimes(),
            practitioner_id=self._one("71", "72", None),
            appointment_type_id=self._one("81", "82", None),
        )

    def _class(self) -> None:
        self._write(
            "group_appointments",
            str(self._random.randint(200, 202)),
            starts_at=self._instant(),
            archived_at=self._sometimes(),
            deleted_at=self._sometimes(),
        )

    def _seat(self) -> None:
        self._write(
            "attendees",
            str(self._random.randint(300, 308)),
            patient_id=self._someone(),
            booking_id=str(self._random.randint(200, 203)),
            cancelled_at=self._sometimes(),
            archived_at=self._sometimes(),
        )

    def _invoice(self) -> None:
        self._write(
            "invoices",
            str(self._random.randint(400, 405)),
            patient_id=self._someone(),
            total_amount=self._one(0, -10, "85.5500", 9_999_999_999_999_999, None),
            original_invoice_id=self._one(None, "400"),
            deleted_at=self._sometimes(),
        )

    def _message(self) -> None:
        self._write(
            "communications",
            str(self._random.randint(500, 504)),
            patient_id=self._someone(),
            created_at=self._instant(),
            direction_code=self._one(1, 2, 2),
            category_code=self._one(1, 12, None),
            archived_at=self._sometimes(),
        )

    def _case(self) -> None:
        self._write(
            "patient_cases",
            str(self._random.randint(600, 603)),
            patient_id=self._someone(),
            created_at=self._instant(),
            closed_at=self._sometimes(),
            archived_at=self._sometimes(),
        )

    def _note(self) -> None:
        self._write(
            "treatment_notes",
            str(self._random.randint(700, 703)),
            patient_id=self._someone(),
            practitioner_id=self._one("71", None),
            title=self._one("Initial", None),
            content={
                "sections": [{"name": "Notes", "questions": [{"name": "N", "answer": self._someone()}]}]
            },
            draft=self._one(True, False),
            archived_at=self._sometimes(),
        )

    def _premises(self) -> None:
        self._write(
            "businesses",
            str(self._random.randint(1, 3)),
            time_zone_identifier=self._random.choice(ZONES),
            created_at=self._instant(),
            archived_at=self._sometimes(),
        )
        self._write("practitioners", self._one("71", "72"), display_name=self._one("Dr A", "Dr B", None))
        self._write("appointment_types", self._one("81", "82"), name=self._one("Physio", "Pilates"))
        self._write("settings", "1", currency_symbol=self._one("$", "€", None))
