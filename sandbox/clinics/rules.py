"""Section 3 of the metric catalogue, by hand: status, level, score, priority, action of one patient.

Each function is a list of rules, the first that fits decides, in the catalogue's order and with its numbers.
Where a `Standing` comes from is for `standing` to say.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sandbox.clinics.rounding import one_decimal, whole


@dataclass(frozen=True, slots=True)
class Standing:
    """`days` is D, `booked` is U. `open_lapse`: a visit missed or cancelled in the last 14 days and none
    attended since. `recent_lapse`: one missed or cancelled in the last 30 days."""

    days: int
    booked: bool = False
    ever_attended: bool = True
    discharged: bool = False
    recent_lapse: bool = False
    open_lapse: bool = False
    missed_90d: int = 0
    attended_90d: int = 0
    last_contact_at: int = 0

    @property
    def rate_90d(self) -> Fraction | None:
        """Percent, unrounded; unknown when there was nothing to attend."""
        visits = self.attended_90d + self.missed_90d
        return Fraction(100 * self.attended_90d, visits) if visits else None

    @property
    def shown_rate_90d(self) -> Decimal | None:
        return None if self.rate_90d is None else one_decimal(self.rate_90d)


def engagement_status(standing: Standing) -> str:
    never_came = not standing.ever_attended and not standing.booked
    if standing.booked or (standing.days <= 30 and not standing.discharged):
        return "active"
    if standing.days > 120 or standing.discharged or (never_came and not standing.recent_lapse):
        return "stale"
    return "dormant"


def risk_level(standing: Standing, status: str) -> str | None:
    if status == "stale":
        return None
    if standing.days < 7:
        return "engaged"
    if standing.booked or standing.days <= 13:
        return "low"
    if standing.days <= 29:
        return "medium"
    return "high" if standing.days <= 44 else "critical"


SCORES = {"engaged": (0, 29), "low": (30, 49), "medium": (50, 64), "high": (65, 79), "critical": (80, 100)}
FIRST_DAY_AND_LENGTH = {
    "engaged": (0, 7),
    "low": (7, 7),
    "medium": (14, 16),
    "high": (30, 15),
    "critical": (45, 45),
}


def _position(standing: Standing, level: str) -> Fraction:
    if level == "low" and standing.booked:
        return Fraction(0)
    first, length = FIRST_DAY_AND_LENGTH[level]
    return min(Fraction(standing.days - first, length), Fraction(1))


def risk_score(standing: Standing, status: str) -> int | None:
    level = risk_level(standing, status)
    if level is None:
        return None
    lower, upper = SCORES[level]
    width = upper - lower
    raised = whole(Fraction(6, 10) * width * _position(standing, level)) + 2 * min(standing.missed_90d, 3)
    if standing.rate_90d is not None and standing.rate_90d < 70:
        raised += 3
    return lower + min(width, raised)


def priority(standing: Standing, status: str) -> int:
    level = risk_level(standing, status)
    if level is None:
        return 4
    if level == "critical" or (level == "high" and standing.missed_90d > 0):
        return 1
    if level == "high" or (standing.open_lapse and not standing.booked):
        return 2
    if level == "medium" or (level == "low" and not standing.booked):
        return 3
    return 3 if standing.booked and standing.missed_90d >= 2 else 4


def recommended_action(standing: Standing, status: str) -> str:
    level = risk_level(standing, status)
    hits = (
        (not standing.ever_attended and not standing.booked, "NEW: Schedule initial consultation"),
        (status == "stale", "STALE: Confirm whether care has ended"),
        (level == "critical", "DORMANT: Re-engagement campaign needed"),
        (level == "high", "HIGH: Call within 24 hours"),
        (priority(standing, status) == 2, "REBOOK: Rebook the missed or cancelled appointment"),
        (level == "medium", "MEDIUM: Send wellness check message"),
        (standing.booked and standing.missed_90d >= 2, "CONFIRM: Confirm the upcoming appointment"),
        (level == "low" and not standing.booked, "LOW: Offer the next appointment"),
    )
    return next((action for hit, action in hits if hit), "ENGAGED: Continue current care plan")
