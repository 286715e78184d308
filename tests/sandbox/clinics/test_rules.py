"""The catalogue's thresholds, one step on each side."""

from decimal import Decimal

import pytest

from sandbox.clinics.rules import (
    Standing,
    engagement_status,
    priority,
    recommended_action,
    risk_level,
    risk_score,
)


def judged(standing: Standing) -> tuple[str, str | None, int | None, int]:
    status = engagement_status(standing)
    return (
        status,
        risk_level(standing, status),
        risk_score(standing, status),
        priority(standing, status),
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, ("active", "engaged", 0, 4)),
        (6, ("active", "engaged", 15, 4)),
        (7, ("active", "low", 30, 3)),
        (13, ("active", "low", 40, 3)),
        (14, ("active", "medium", 50, 3)),
        (29, ("active", "medium", 58, 3)),
        (30, ("active", "high", 65, 2)),
        (31, ("dormant", "high", 66, 2)),
        (44, ("dormant", "high", 73, 2)),
        (45, ("dormant", "critical", 80, 1)),
        (90, ("dormant", "critical", 92, 1)),
        (120, ("dormant", "critical", 92, 1)),
        (121, ("stale", None, None, 4)),
    ],
)
def test_days_alone(days: int, expected: tuple[str, str | None, int | None, int]) -> None:
    assert judged(Standing(days=days)) == expected


def test_the_documents_patient_scores_85() -> None:
    """47 days, two missed, attendance of 70 percent or better."""
    standing = Standing(days=47, missed_90d=2, attended_90d=8)
    assert judged(standing) == ("dormant", "critical", 85, 1)


def test_attendance_below_70_adds_three_and_exactly_70_does_not() -> None:
    assert risk_score(Standing(days=45, missed_90d=3, attended_90d=7), "dormant") == 86
    assert risk_score(Standing(days=45, missed_90d=4, attended_90d=9), "dormant") == 89


def test_a_score_stays_in_its_level() -> None:
    assert risk_score(Standing(days=44, missed_90d=9, attended_90d=0), "dormant") == 79


@pytest.mark.parametrize(("days", "level", "score"), [(6, "engaged", 15), (10, "low", 30), (200, "low", 30)])
def test_a_booking_keeps_people_low(days: int, level: str, score: int) -> None:
    assert judged(Standing(days=days, booked=True))[:3] == ("active", level, score)


def test_discharged_people_are_stale_unless_booked() -> None:
    assert engagement_status(Standing(days=3, discharged=True)) == "stale"
    assert engagement_status(Standing(days=3, discharged=True, booked=True)) == "active"


def test_who_never_came_is_stale_once_nothing_is_recent() -> None:
    assert engagement_status(Standing(days=31, ever_attended=False)) == "stale"
    assert engagement_status(Standing(days=31, ever_attended=False, recent_lapse=True)) == "dormant"
    assert engagement_status(Standing(days=30, ever_attended=False)) == "active"


def test_priorities_by_what_was_missed() -> None:
    assert judged(Standing(days=30, missed_90d=1, attended_90d=9))[3] == 1
    assert judged(Standing(days=3, open_lapse=True))[3] == 2
    assert judged(Standing(days=3, open_lapse=True, booked=True))[3] == 4
    assert judged(Standing(days=3, booked=True, missed_90d=2, attended_90d=9))[3] == 3


@pytest.mark.parametrize(
    ("standing", "action"),
    [
        (Standing(days=2, ever_attended=False), "NEW: Schedule initial consultation"),
        (Standing(days=200), "STALE: Confirm whether care has ended"),
        (Standing(days=45), "DORMANT: Re-engagement campaign needed"),
        (Standing(days=44), "HIGH: Call within 24 hours"),
        (Standing(days=14, open_lapse=True), "REBOOK: Rebook the missed or cancelled appointment"),
        (Standing(days=14), "MEDIUM: Send wellness check message"),
        (Standing(days=2, booked=True, missed_90d=2), "CONFIRM: Confirm the upcoming appointment"),
        (Standing(days=7), "LOW: Offer the next appointment"),
        (Standing(days=2), "ENGAGED: Continue current care plan"),
        (Standing(days=60, booked=True), "ENGAGED: Continue current care plan"),
    ],
)
def test_actions(standing: Standing, action: str) -> None:
    assert recommended_action(standing, engagement_status(standing)) == action


def test_the_rate_is_shown_rounded_half_up() -> None:
    assert Standing(days=0, attended_90d=1, missed_90d=15).shown_rate_90d == Decimal("6.3")
    assert Standing(days=0).shown_rate_90d is None
