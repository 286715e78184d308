"""Chapter 3 of the catalogue for one patient: status, level, score, priority, action and reasons."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from tests.reference.facts import Patient, Visit
from tests.reference.question import Question
from tests.reference.rounding import percent, rounded

LEVELS = ("critical", "high", "medium", "low", "engaged")
RANGES = {"engaged": (0, 29), "low": (30, 49), "medium": (50, 64), "high": (65, 79), "critical": (80, 100)}


@dataclass(frozen=True)
class Standing:
    """How one live patient stands at the instant of the question."""

    question: Question
    patient: Patient

    def with_status(self, status: str) -> list[Visit]:
        visits = self.question.visits.get(self.patient.id, [])
        return [visit for visit in visits if self.question.status(visit) == status]

    @cached_property
    def attended(self) -> list[datetime]:
        return [visit.starts_at for visit in self.with_status("attended")]

    @cached_property
    def missed(self) -> list[datetime]:
        return [visit.starts_at for visit in self.with_status("missed")]

    @cached_property
    def booked(self) -> list[datetime]:
        return [visit.starts_at for visit in self.with_status("booked")]

    @cached_property
    def cancelled(self) -> list[datetime]:
        """When they were cancelled."""
        return [visit.cancelled_at for visit in self.with_status("cancelled") if visit.cancelled_at]

    def last_days(self, instants: list[datetime], count: int) -> list[datetime]:
        return [instant for instant in instants if self.question.since(instant) < count]

    @cached_property
    def last_contact_at(self) -> datetime:
        return max(self.question.contacts(self.patient.id), default=self.patient.created_at)

    @cached_property
    def days(self) -> int:
        """D."""
        return self.question.since(self.last_contact_at)

    @cached_property
    def missed_90d(self) -> int:
        return len(self.last_days(self.missed, 90))

    @cached_property
    def attendance(self) -> Fraction | None:
        """Percent of the last 90 days, unrounded."""
        attended = len(self.last_days(self.attended, 90))
        return percent(attended, attended + self.missed_90d) if attended + self.missed_90d else None

    @property
    def attendance_rate(self) -> Decimal | None:
        return None if self.attendance is None else rounded(self.attendance)

    @cached_property
    def attends_little(self) -> bool:
        return self.attendance is not None and self.attendance < 70

    @cached_property
    def is_discharged(self) -> bool:
        cases = self.question.cases.get(self.patient.id, [])
        closings = [
            case.closed_at for case in cases if case.closed_at and case.closed_at <= self.question.as_of
        ]
        if not cases or len(closings) < len(cases):
            return False
        return not any(start > max(closings) for start in self.attended)

    @cached_property
    def status(self) -> str:
        if self.booked or (self.days <= 30 and not self.is_discharged):
            return "active"
        tried = self.last_days(self.missed + self.cancelled, 30)
        if self.days > 120 or self.is_discharged or not (self.attended or tried):
            return "stale"
        return "dormant"

    @cached_property
    def level(self) -> str | None:
        if self.status == "stale":
            return None
        if self.days < 7:
            return "engaged"
        if self.booked or self.days <= 13:
            return "low"
        if self.days <= 29:
            return "medium"
        return "high" if self.days <= 44 else "critical"

    @cached_property
    def score(self) -> int | None:
        if self.level is None:
            return None
        lower, upper = RANGES[self.level]
        width = upper - lower
        by_days = int(rounded(width * Fraction(6, 10) * self._position(), 0))
        extra = 2 * min(self.missed_90d, 3) + (3 if self.attends_little else 0)
        return lower + min(width, by_days + extra)

    def _position(self) -> Fraction:
        """0 to 1 through the days of the level."""
        if self.level == "low" and self.booked:
            return Fraction(0)
        first, length = {"engaged": (0, 7), "low": (7, 7), "medium": (14, 16), "high": (30, 15)}.get(
            self.level or "", (45, 45)
        )
        return min(Fraction(1), Fraction(self.days - first, length))

    @cached_property
    def cancelled_not_rebooked(self) -> bool:
        return self._gone_since(self.last_days(self.cancelled, 14))

    def _gone_since(self, events: list[datetime]) -> bool:
        """One of them was not followed by an attended visit, and nothing is booked."""
        if not events or self.booked:
            return False
        return not any(start > max(events) for start in self.attended)

    @cached_property
    def priority(self) -> int:
        if self.level is None:
            return 4
        if self.level == "critical" or (self.level == "high" and self.missed_90d):
            return 1
        if self.level == "high" or self._gone_since(self.last_days(self.missed + self.cancelled, 14)):
            return 2
        if self.level == "medium" or (self.level == "low" and not self.booked):
            return 3
        return 3 if self.booked and self.missed_90d >= 2 else 4

    @property
    def action(self) -> str:
        rules = {
            "NEW: Schedule initial consultation": not self.attended and not self.booked,
            "STALE: Confirm whether care has ended": self.level is None,
            "DORMANT: Re-engagement campaign needed": self.level == "critical",
            "HIGH: Call within 24 hours": self.level == "high",
            "REBOOK: Rebook the missed or cancelled appointment": self.priority == 2,
            "MEDIUM: Send wellness check message": self.level == "medium",
            "CONFIRM: Confirm the upcoming appointment": bool(self.booked) and self.missed_90d >= 2,
            "LOW: Offer the next appointment": self.level == "low" and not self.booked,
        }
        return next((action for action, hit in rules.items() if hit), "ENGAGED: Continue current care plan")

    @property
    def reasons(self) -> list[str]:
        codes = {
            # with a visit booked, or a touch this recent, it is not the days that decide
            "days_since_contact": self.days >= 7 and not self.booked,
            "nothing_booked": not self.booked,
            "booked": bool(self.booked),
            "missed_recently": bool(self.last_days(self.missed, 14)),
            "missed_repeatedly": self.missed_90d >= 2,
            "cancelled_not_rebooked": self.cancelled_not_rebooked,
            "low_attendance": self.attends_little,
            "never_attended": not self.attended,
            "discharged": self.is_discharged,
        }
        return [code for code, hit in codes.items() if hit]


def standings(question: Question) -> list[Standing]:
    return [Standing(question, patient) for patient in question.patients]
