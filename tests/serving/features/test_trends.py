"""Routes 11 and 13: the timeframe asked for; the days of a period, and how it compares to the one before."""

import datetime as dt
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import psycopg
import pytest

from serving.features.trends.schemas import Trends
from tests.conftest import create_database, drop_database
from tests.serving import marts
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from tests.serving.routes import PERFORMANCE, TRENDS
from warehouse.settings import Settings

PERIODS = {"7d": 7, "30d": 30, "90d": 90, "6m": 182, "1y": 365}
CHANNELS = ("sms", "email", "phone")
LEVELS = ("critical", "high", "medium", "low", "engaged")
SYDNEY = dt.timezone(dt.timedelta(hours=10))  # the clinic's zone, on the days these tests look at
Trend = tuple[str, float]


def drawn_days(seed: int) -> list[marts.Row]:
    draw = random.Random(seed)
    rows = marts.daily_rows("org_a")
    for row in rows:
        row |= {name: draw.randrange(20) for name in row if name not in {"organization_id", "day"}}
        row |= {level: draw.randrange(10, 60) for level in LEVELS}
        row["successful_contacts"] = draw.randint(0, row["outreach_attempts"])
        row["converted_contacts"] = draw.randint(0, row["successful_contacts"])
        row |= {f"{channel}_successes": draw.randint(0, row[f"{channel}_attempts"]) for channel in CHANNELS}
    return rows


@pytest.fixture(scope="module")
def drawn(cluster: Settings, clerk: Clerk) -> Iterator[tuple[Api, list[marts.Row], Settings]]:
    warehouse = create_database(cluster, "trends")
    marts.make_relations(warehouse)
    marts.add_organization(warehouse, "org_a", data_as_of=marts.days_ago(0.1))
    rows = drawn_days(3)
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "marts.reengagement_daily", rows)
        marts.insert(connection, "marts.dim_patients", [marts.patient_row("org_a", "1")])
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        yield api, rows, warehouse
    drop_database(cluster, "trends")


@pytest.fixture
def outreach(drawn: tuple[Api, list[marts.Row], Settings]) -> Iterator[Any]:
    """Logs rows on local days so many ago, at their first or last instant."""
    with psycopg.connect(drawn[2].url("owner"), autocommit=True) as connection:

        def log(days_ago: int, method: str, outcome: str, *, last: bool = False, patient: str = "1") -> None:
            midnight = dt.datetime.combine(marts.TODAY - dt.timedelta(days_ago), dt.time(), SYDNEY)
            at = midnight + dt.timedelta(days=1, microseconds=-1) if last else midnight
            connection.execute(
                "insert into app.outreach_log (organization_id, patient_id, method, outcome, occurred_at,"
                " logged_by) values ('org_a', %s, %s, %s, %s, 'test')",
                [patient, method, outcome, at],
            )

        yield log
        connection.execute("delete from app.outreach_log")


def ask(api: Api, **params: Any) -> dict[str, Any]:
    answer = api.get(TRENDS.format("org_a"), params=params)
    assert answer.status_code == 200
    Trends.model_validate_json(answer.text)
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("period", PERIODS)
def test_one_row_a_day_today_last(drawn: tuple[Api, list[marts.Row], Settings], period: str) -> None:
    api, rows, _ = drawn
    days = ask(api, period=period)["daily_trends"]
    expected = rows[-PERIODS[period] :]
    assert [day["date"] for day in days] == [row["day"].isoformat() for row in expected]
    assert days[-1]["date"] == "2025-06-30"
    for name in ("new_at_risk", "reengaged_successfully", "outreach_attempts", "appointments_scheduled"):
        assert [day[name] for day in days] == [row[name] for row in expected]
    assert all(len(day) == 5 for day in days)


def percent(part: int, whole: int) -> float:
    """One decimal, half away from zero."""
    return float((Fraction(1000 * part, whole or 1) + Fraction(1, 2)).__floor__()) / 10 if whole else 0.0


def test_metrics_add_to_each_day(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, rows, _ = drawn
    body = ask(api, period="90d", metrics=["channel_performance", "success_rates", "risk_levels"])
    for day, row in zip(body["daily_trends"], rows[-90:], strict=True):
        assert day["risk_distribution"] == {level: row[level] for level in LEVELS}
        assert day["contact_success_rate"] == percent(row["successful_contacts"], row["outreach_attempts"])
        assert day["conversion_rate"] == percent(row["converted_contacts"], row["successful_contacts"])
        assert day["channels"] == {
            channel: {"attempts": row[f"{channel}_attempts"], "successes": row[f"{channel}_successes"]}
            for channel in CHANNELS
        }


def test_each_metric_adds_its_own_alone(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    api, _, _ = drawn
    documented = set(ask(api)["daily_trends"][0])
    added = {
        "risk_levels": {"risk_distribution"},
        "success_rates": {"contact_success_rate", "conversion_rate"},
        "channel_performance": {"channels"},
    }
    for metric, names in added.items():
        assert set(ask(api, metrics=metric)["daily_trends"][0]) - documented == names


def count_trend(now: int, then: int) -> str:
    if then == 0:
        return "increasing" if now else "stable"
    change = Fraction(now - then, then)
    return (
        "increasing"
        if change > Fraction(5, 100)
        else "decreasing"
        if change < Fraction(-5, 100)
        else "stable"
    )


@pytest.mark.parametrize("period", PERIODS)
def test_levels_against_the_end_of_the_day_before(
    drawn: tuple[Api, list[marts.Row], Settings], period: str
) -> None:
    api, rows, _ = drawn
    body = ask(api, period=period)
    now, then = rows[-1], rows[-1 - PERIODS[period]]
    shares = [
        Fraction(row["critical"] + row["high"], sum(row[level] for level in LEVELS)) for row in (now, then)
    ]
    assert body["current_risk_distribution"] == {level: now[level] for level in LEVELS}
    assert body["risk_distribution_changes"] == {
        "critical_trend": count_trend(now["critical"], then["critical"]),
        "high_trend": count_trend(now["high"], then["high"]),
        "overall_improvement": shares[0] < shares[1],
    }


@pytest.mark.parametrize(
    ("then", "now", "trend", "improvement"),
    [
        ((100, 0, 100), (105, 0, 105), "stable", False),
        ((100, 0, 100), (106, 0, 100), "increasing", False),
        ((100, 0, 100), (95, 0, 100), "stable", True),
        ((100, 0, 100), (94, 0, 100), "decreasing", True),
        ((100, 0, 100), (94, 6, 100), "decreasing", False),
        ((0, 0, 10), (0, 0, 10), "stable", False),
        ((0, 0, 10), (1, 0, 10), "increasing", False),
        ((5, 0, 5), (0, 0, 0), "decreasing", True),
        ((0, 0, 0), (0, 0, 5), "stable", False),
    ],
)
def test_where_the_limits_lie(
    drawn: tuple[Api, list[marts.Row], Settings],
    then: tuple[int, int, int],
    now: tuple[int, int, int],
    trend: str,
    improvement: bool,
) -> None:
    """Counts of critical, high and engaged, seven days apart."""
    api, rows, warehouse = drawn
    update = (
        "update marts.reengagement_daily set (critical, high, medium, low, engaged) = (%s, %s, 0, 0, %s)"
        " where day = %s"
    )
    restore = (
        "update marts.reengagement_daily set (critical, high, medium, low, engaged) = (%s, %s, %s, %s, %s)"
        " where day = %s"
    )
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        connection.execute(update, [*then, rows[-8]["day"]])
        connection.execute(update, [*now, rows[-1]["day"]])
        try:
            changes = ask(api, period="7d")["risk_distribution_changes"]
        finally:
            for row in (rows[-8], rows[-1]):
                connection.execute(restore, [*(row[level] for level in LEVELS), row["day"]])
    assert (changes["critical_trend"], changes["overall_improvement"]) == (trend, improvement)


def channel_trends(api: Api, period: str = "7d") -> dict[str, Trend]:
    told = ask(api, period=period)["channel_performance_trends"]
    return {name: (trend["success_rate_trend"], trend["change_pct"]) for name, trend in told.items()}


def sums(rows: list[marts.Row], days: int, channel: str) -> tuple[int, int]:
    period = rows[-days:]
    return sum(row[f"{channel}_successes"] for row in period), sum(
        row[f"{channel}_attempts"] for row in period
    )


def test_an_empty_period_before_is_no_trend(drawn: tuple[Api, list[marts.Row], Settings]) -> None:
    assert channel_trends(drawn[0]) == dict.fromkeys(CHANNELS, ("stable", 0.0))


@pytest.mark.parametrize("period", ["7d", "1y"])
def test_the_period_before_is_counted_by_local_days(
    drawn: tuple[Api, list[marts.Row], Settings], outreach: Any, period: str
) -> None:
    """Four rows at its edges count, two right beside them do not; another method's are its own."""
    api, rows, _ = drawn
    days = PERIODS[period]
    outreach(days, "sms", "success", last=True)
    outreach(days, "sms", "failed")
    outreach(2 * days - 1, "sms", "no_response")
    outreach(2 * days - 1, "sms", "failed", last=True)
    outreach(days - 1, "sms", "success")
    outreach(2 * days, "sms", "success", last=True)
    outreach(days, "sms", "success", patient="unknown")
    outreach(days, "phone", "success")
    found = channel_trends(api, period)
    for channel, before in (("sms", Fraction(1, 4)), ("phone", Fraction(1))):
        points = (Fraction(*sums(rows, days, channel)) - before) * 100
        assert found[channel][1] == pytest.approx(float(points), abs=0.0501)
        limit = "improving" if points > 5 else "declining" if points < -5 else "stable"
        assert found[channel][0] == limit
    assert found["email"] == ("stable", 0.0)


@pytest.mark.parametrize(
    ("successes", "attempts", "expected"),
    [
        (11, 20, ("stable", 5.0)),
        (12, 20, ("improving", 10.0)),
        (9, 20, ("stable", -5.0)),
        (8, 20, ("declining", -10.0)),
    ],
)
def test_five_points_are_still_stable(
    drawn: tuple[Api, list[marts.Row], Settings],
    outreach: Any,
    successes: int,
    attempts: int,
    expected: Trend,
) -> None:
    api, rows, warehouse = drawn
    outreach(7, "email", "success")
    outreach(8, "email", "failed")
    columns = "update marts.reengagement_daily set email_attempts = %s, email_successes = %s where day"
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        connection.execute(f"{columns} > %s", [0, 0, rows[-8]["day"]])
        connection.execute(f"{columns} = %s", [attempts, successes, rows[-1]["day"]])
        try:
            found = channel_trends(api)["email"]
        finally:
            for row in rows[-7:]:
                connection.execute(
                    f"{columns} = %s", [row["email_attempts"], row["email_successes"], row["day"]]
                )
    assert found == expected


def test_each_timeframe_is_its_own(clinic_api: Api) -> None:
    for days in (7, 30, 90):
        body = clinic_api.get(PERFORMANCE.format("org_a"), params={"timeframe": f"last_{days}_days"}).json()
        assert body["timeframe"] == f"last_{days}_days"
        assert body["communication_channels"]["sms"]["sent"] == 65 + days


def test_nobody_ever_tried(clinic_api: Api, clinics: Settings) -> None:
    change = (
        "update marts.reengagement_performance_view set avg_days_to_reengage = %s, our_performance = %s"
        " where organization_id = 'org_a' and timeframe = 'last_7_days'"
    )
    with psycopg.connect(clinics.url("owner"), autocommit=True) as connection:
        connection.execute(change, [None, "insufficient_data"])
        try:
            answer = clinic_api.get(PERFORMANCE.format("org_a"), params={"timeframe": "last_7_days"})
        finally:
            connection.execute(change, ["8.5", "above_average"])
    assert answer.json()["reengagement_metrics"]["avg_days_to_reengage"] is None
    assert answer.json()["benchmark_comparison"]["our_performance"] == "insufficient_data"
