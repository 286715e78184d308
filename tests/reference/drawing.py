"""Small random clinics, drawn near the edges of the rules; the same number draws the same clinic.

Every instant hangs on the clinic's anchor, the instant it is asked about: so many local days away, at a
telling time of the day. Records then get older versions, tombstones, and come back.

Drawn by `random`, not by Hypothesis: docs/decisions/drawn-clinics.md.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.days import MICROSECOND

ZONES = ("Pacific/Auckland", "Australia/Sydney", "Europe/London", "America/Los_Angeles", "UTC")
# The days on which those zones change their clocks, both ways, the last day of a February of 29, and others.
ANCHOR_DAYS = (
    *(date(2026, 4, 5), date(2025, 9, 28), date(2025, 4, 6), date(2025, 10, 5)),
    *(date(2026, 3, 29), date(2025, 10, 26), date(2026, 3, 8), date(2025, 11, 2)),
    *(date(2024, 2, 29), date(2024, 3, 1), date(2026, 1, 1), date(2026, 6, 17)),
)
EDGES = (0, 1, 2, 6, 7, 13, 14, 15, 29, 30, 31, 44, 45, 46, 89, 90, 120, 121, 122, 200, 365, 366, 400)
AHEAD = (-1, -2, -13, -40)
TIMES = (time(0), time(0, 0, 0, 1), time(23, 59, 59, 999999), time(12), time(1, 30), time(2, 30), time(9, 15))
PATIENT_IDS = ("9", "10", "11", "1001", "1204417733920551001", "1204417733920551002", "2")
LOADED_AT = datetime(2026, 6, 30, tzinfo=UTC)
PHONES = ("+61491570006", "+61491570156", None)


@dataclass(frozen=True)
class Drawn:
    """What one organization's raw log and outreach log shall hold, and when to ask."""

    anchor: datetime
    records: tuple[tuple[str, dict[str, Any]], ...]
    outreach: tuple[dict[str, Any], ...]
    invoices: str = "succeeded"

    @property
    def questions(self) -> tuple[datetime, ...]:
        """Now and then: the anchor, both sides of the midnight before it, a month before, a week after."""
        return (
            self.anchor,
            self.anchor - MICROSECOND,
            self.anchor - timedelta(days=31),
            self.anchor + timedelta(days=7),
        )

    def __len__(self) -> int:
        return len(self.records) + len(self.outreach)


@dataclass
class Pencil:
    """Draws one clinic."""

    random: random.Random
    zone: ZoneInfo
    anchor_day: date
    anchor: datetime
    patients: list[str] = field(default_factory=list)
    records: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    outreach: list[dict[str, Any]] = field(default_factory=list)
    last_id: int = 100

    def one_of(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def rarely(self, one_in: int = 5) -> bool:
        return self.random.randrange(one_in) == 0

    def times(self, most: int) -> range:
        return range(self.random.randint(0, most))

    def instant(self, *edges: int) -> datetime:
        """So many local days before the anchor, at a telling time: at times the anchor's, or next to it."""
        day = self.anchor_day - timedelta(days=self.one_of(*(edges or EDGES)))
        kind = self.one_of("time", "time", "time", "anchor", "just before", "just after")
        if kind == "time":
            return self.at(day, self.one_of(*TIMES))
        nudge = {"anchor": 0, "just before": -1, "just after": 1}[kind] * MICROSECOND
        return self.at(day, self.anchor.astimezone(self.zone).time()) + nudge

    def at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def maybe(self, *edges: int, one_in: int = 4) -> datetime | None:
        return self.instant(*edges) if self.rarely(one_in) else None

    def next_id(self) -> str:
        self.last_id += self.one_of(1, 1, 899)
        return str(self.last_id)

    def patient(self) -> str:
        return str(self.one_of(*self.patients))

    def record(self, feed: str, record_id: str | None = None, **columns: Any) -> str:
        """A record of Cliniko, at times with an older version, or gone, or gone and back."""
        row = {
            "id": record_id or self.next_id(),
            "created_at": self.instant(400),
            "updated_at": self.instant(1, 2),
            "seen_at": LOADED_AT,
            **columns,
        }
        self.records.append((feed, row))
        fate = self.one_of(*["stays"] * 12, "purged", "returned", "late", "same stamp", "not accepted")
        self.records += [(feed, version) for version in self._more_versions(fate, row)]
        return str(row["id"])

    def _more_versions(self, fate: str, row: dict[str, Any]) -> list[dict[str, Any]]:
        later = LOADED_AT + timedelta(hours=1)
        wrong = {**row, **self._wrong(row)}
        stamps = {"id": row["id"], "created_at": row["created_at"], "updated_at": row["updated_at"]}
        tombstone = {**stamps, "seen_at": later, "purged_at": later}
        return {
            "stays": [],
            "purged": [tombstone],
            "returned": [tombstone, {**row, "seen_at": later + timedelta(hours=1)}],
            "late": [{**wrong, "updated_at": row["updated_at"] - timedelta(hours=1), "seen_at": later}],
            "same stamp": [{**wrong, "seen_at": LOADED_AT - timedelta(hours=1)}],
            "not accepted": [{**wrong, "seen_at": later, "_is_accepted": False}],
        }[fate]

    def _wrong(self, row: dict[str, Any]) -> dict[str, Any]:
        """What an outdated version says otherwise."""
        changed = {
            name: self.instant(5, 20)
            for name in ("starts_at", "archived_at", "cancelled_at", "closed_at")
            if name in row
        }
        return changed | ({"patient_id": self.patient()} if "patient_id" in row else {})


def draw_clinic(number: int) -> Drawn:
    chance = random.Random(number)
    zone = ZoneInfo(chance.choice(ZONES))
    clock = datetime.combine(chance.choice(ANCHOR_DAYS), chance.choice(TIMES), zone)
    anchor = clock.astimezone(UTC)
    pencil = Pencil(chance, zone, anchor.astimezone(zone).date(), anchor)
    for draw_some in (
        _premises,
        _patients,
        _visits,
        _classes,
        _paperwork,
        _messages,
        _outreach,
        _campaigns,
        _returns,
    ):
        draw_some(pencil)
    invoices = pencil.one_of("succeeded", "succeeded", "succeeded", "forbidden")
    return Drawn(anchor, tuple(pencil.records), tuple(pencil.outreach), invoices)


def _premises(pencil: Pencil) -> None:
    """Mostly the one zone; at times none, or others in a tie, coming and going."""
    others = pencil.one_of((), (), (), ZONES, "none")
    if others != "none":
        pencil.record("businesses", "1", time_zone_identifier=pencil.zone.key, created_at=pencil.instant(400))
    for business_id in pencil.times(3) if others == ZONES else ():
        pencil.record(
            "businesses",
            str(business_id + 2),
            time_zone_identifier=pencil.one_of(*ZONES, "Not/AZone", None),
            created_at=pencil.instant(30, 200, 365) + timedelta(minutes=business_id),
            archived_at=pencil.maybe(0, 30),
            deleted_at=pencil.maybe(-1, 7),
        )
    pencil.record("practitioners", "71", display_name="Dr Ada Sample")
    pencil.record("appointment_types", "81", name="Physio")


def _patients(pencil: Pencil) -> None:
    pencil.patients = list(PATIENT_IDS[: pencil.random.randint(1, len(PATIENT_IDS))])
    for patient_id in pencil.patients:
        merged = pencil.one_of(*pencil.patients, "7777") if pencil.rarely() else None
        pencil.record(
            "patients",
            patient_id,
            first_name=pencil.one_of("Ines", "", None),
            last_name=pencil.one_of("Sample", None),
            email=pencil.one_of("ines@example.com", None),
            patient_phone_numbers=[
                {
                    "number": "1",
                    "phone_type": pencil.one_of("Mobile", "Fax", "Home"),
                    "phone_e164": number,
                    "phone_note": pencil.one_of("mum", None),
                    "is_forbidden": pencil.rarely(),
                }
                for number in PHONES[: pencil.random.randint(0, 3)]
            ],
            created_at=pencil.instant(400, 400, 121, 30, 7, 0, -1),
            archived_at=pencil.maybe(0, 1, 30, -1, one_in=8),
            deleted_at=pencil.maybe(0, -1, one_in=12),
            merged_with_patient_id=merged,
            merged_at=pencil.instant(3) if merged else None,
        )


def _visits(pencil: Pencil) -> None:
    for _ in pencil.times(14):
        pencil.record(
            "individual_appointments",
            patient_id=pencil.patient(),
            **_start(pencil),
            **_booking(pencil),
            did_not_arrive=pencil.one_of(False, False, True, None),
            appointment_type_id=pencil.one_of("81", "82", None),
            practitioner_id=pencil.one_of("71", None),
        )


def _start(pencil: Pencil) -> dict[str, Any]:
    starts_at = pencil.instant(*EDGES, *AHEAD, *AHEAD)
    return {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30)}


def _booking(pencil: Pencil) -> dict[str, Any]:
    return {
        "created_at": pencil.instant(*EDGES, 400, 400, 400),
        "cancelled_at": pencil.maybe(*EDGES[:12], -1, one_in=5),
        "archived_at": pencil.maybe(0, 1, 7, -1, one_in=10),
        "deleted_at": pencil.maybe(0, 1, 30, -1, one_in=10),
    }


def _classes(pencil: Pencil) -> None:
    for _ in pencil.times(3):
        class_id = pencil.record(
            "group_appointments",
            **_start(pencil),
            archived_at=pencil.maybe(0, 7, -1, one_in=8),
            deleted_at=pencil.maybe(0, 7, -1, one_in=8),
            appointment_type_id="81",
            practitioner_id="71",
        )
        for _ in pencil.times(5):
            booking_id = pencil.one_of(class_id, class_id, class_id, class_id, "555")
            pencil.record("attendees", patient_id=pencil.patient(), booking_id=booking_id, **_booking(pencil))


def _paperwork(pencil: Pencil) -> None:
    for _ in pencil.times(4):
        pencil.record(
            "invoices",
            patient_id=pencil.patient(),
            created_at=pencil.instant(),
            total_amount=pencil.one_of("120.50", "-20.05", "0", "0.0049"),
            original_invoice_id=pencil.one_of(None, None, "900"),
            archived_at=pencil.maybe(0, -1, one_in=8),
            deleted_at=pencil.maybe(0, 7, one_in=8),
        )
    for _ in pencil.times(3):
        pencil.record(
            "patient_cases",
            patient_id=pencil.patient(),
            created_at=pencil.instant(),
            closed_at=pencil.maybe(*EDGES[:10], -1, one_in=2),
            archived_at=pencil.maybe(0, -1, one_in=8),
        )
    for _ in pencil.times(3):
        pencil.record(
            "treatment_notes",
            patient_id=pencil.patient(),
            created_at=pencil.instant(),
            draft=pencil.one_of(False, True, None),
            archived_at=pencil.maybe(0, -1, one_in=8),
            deleted_at=pencil.maybe(0, -1, one_in=8),
        )


def _messages(pencil: Pencil) -> None:
    for _ in pencil.times(5):
        pencil.record(
            "communications",
            patient_id=pencil.patient(),
            created_at=pencil.instant(),
            direction_code=pencil.one_of(2, 2, 2, 1, None),
            category_code=pencil.one_of(8, 12, None),
            type_code=pencil.one_of(1, 2, 3),
            archived_at=pencil.maybe(0, 7, -1, one_in=6),
        )


def _outreach(pencil: Pencil) -> None:
    for _ in pencil.times(6):
        _attempt(pencil, pencil.patient(), pencil.instant(*EDGES, -1))


def _attempt(pencil: Pencil, patient_id: str, occurred_at: datetime) -> None:
    method = pencil.one_of("sms", "email", "phone")
    # two answers of one instant would leave it open to whom a booking belongs
    taken = {row["occurred_at"] for row in pencil.outreach}
    while occurred_at in taken:
        occurred_at += MICROSECOND
    pencil.outreach.append(
        {
            "patient_id": patient_id,
            "method": method,
            "outcome": pencil.one_of("success", "success", "no_response", "failed"),
            "occurred_at": occurred_at,
            "opened_at": pencil.maybe(0, 1, -1) if method == "email" else None,
        }
    )


def _campaigns(pencil: Pencil) -> None:
    """Attempts, and a booking so many days later."""
    for _ in pencil.times(3):
        patient_id, ago = pencil.patient(), pencil.one_of(0, 14, 15, 29, 45, 90, 366)
        for before in pencil.one_of((0,), (0, 0), (0, 3), (0, 1, 14)):
            _attempt(pencil, patient_id, pencil.instant(ago + before))
        pencil.record(
            "individual_appointments",
            patient_id=patient_id,
            **_start(pencil),
            **_booking(pencil) | {"created_at": pencil.instant(ago - pencil.one_of(0, 0, 1, 13, 14, 15))},
            did_not_arrive=False,
        )


def _returns(pencil: Pencil) -> None:
    """Somebody who came once, and is in touch again about thirty days later: were they lost between?"""
    for number in pencil.times(2):
        patient_id = pencil.record(
            "patients", f"300{number}", last_name="Sample", created_at=pencil.instant(400)
        )
        ago = pencil.one_of(0, 1, 6)
        _came(pencil, patient_id, pencil.instant(ago + pencil.one_of(30, 31, 31, 32)))
        again = pencil.instant(ago)
        kind = pencil.one_of("message", "answer", "visit")
        if kind == "message":
            message: dict[str, Any] = {"created_at": again, "direction_code": 2, "category_code": 8}
            pencil.record("communications", patient_id=patient_id, **message)
        elif kind == "answer":
            _attempt(pencil, patient_id, again)
        else:
            _came(pencil, patient_id, again)


def _came(pencil: Pencil, patient_id: str, starts_at: datetime) -> None:
    """Without a booking ahead: entered at its start."""
    pencil.record(
        "individual_appointments",
        patient_id=patient_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        created_at=starts_at,
        did_not_arrive=False,
    )


STEPS = (
    *(_premises, _patients, _visits, _classes, _paperwork),
    *(_messages, _outreach, _campaigns, _returns),
)
