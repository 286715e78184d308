"""Routes 11 and 13: the timeframe asked for; the days of a period, and how it compares to the one before."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from serving.features.channels import METHODS
from serving.features.trends.schemas import Trends
from tests.conftest import create_database, drop_database
from tests.serving import marts
from tests.serving.conftest import Api, Clerk, run_api, settings_for
from tests.serving.routes import PERFORMANCE, TRENDS
from warehouse.settings import Settings

LEVELS = ("critical", "high", "medium", "low", "engaged")
TRENDS_OF_COUNTS = ("increasing", "decreasing", "stable")
TRENDS_OF_RATES = ("improving", "declining", "stable")


def drawn_days(seed: int) -> list[marts.Row]:
    """What the marts say of each day is stated here; that they say it rightly, dbt's unit tests hold."""
    draw = random.Random(seed)
    rows = marts.daily_rows("org_a")
    for row in rows:
        row |= {name: draw.randrange(20) for name, value in row.items() if value == 0}
        row |= {level: draw.randrange(10, 60) for level in LEVELS}
        row |= {name: draw.randrange(1000) / 10 for name in ("contact_success_rate", "conversion_rate")}
    return rows


def drawn_channels(days: list[marts.Row], seed: int) -> list[marts.Row]:
    draw = random.Random(seed)
    return [
        {"organization_id": "org_a", "day": day["day"], "method": channel}
        | {"attempts": (attempts := draw.randrange(20)), "successes": draw.randint(0, attempts)}
        for day in days
        for channel in METHODS
    ]


@dataclass(frozen=True)
class Drawn:
    """Rows of the marts: of a day, of a day's channel, of a period's channel, of a period's day."""

    api: Api
    days: list[marts.Row]
    channel_days: list[marts.Row]
    channels: list[marts.Row]
    trends: list[marts.Row]


@pytest.fixture(scope="module")
def drawn(cluster: Settings, clerk: Clerk) -> Iterator[Drawn]:
    warehouse = create_database(cluster, "trends")
    marts.make_relations(warehouse)
    marts.add_organization(warehouse, "org_a", data_as_of=marts.days_ago(0.1))
    draw, days, channels = random.Random(5), drawn_days(3), marts.channel_rows("org_a")
    channel_days, trends = drawn_channels(days, 4), marts.of_each_period(days)
    for row in trends:
        row |= {name: draw.choice(TRENDS_OF_COUNTS) for name in ("critical_trend", "high_trend")}
        row |= {"is_improvement": draw.random() < 0.5}
    for row in channels:
        row |= {"change_points": draw.randrange(-1000, 1001) / 10}
        row |= {"success_rate_trend": draw.choice(TRENDS_OF_RATES)}
    with psycopg.connect(warehouse.url("owner")) as connection:
        marts.insert(connection, "marts.reengagement_trends", trends)
        marts.insert(connection, "marts.channel_daily", channel_days)
        marts.insert(connection, "marts.channel_trends", channels)
    with run_api(settings_for(warehouse, clerk), clerk) as api:
        yield Drawn(api, days, channel_days, channels, trends)
    drop_database(cluster, "trends")


def ask(api: Api, **params: Any) -> dict[str, Any]:
    answer = api.get(TRENDS.format("org_a"), params=params)
    assert answer.status_code == 200
    Trends.model_validate_json(answer.text)
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("period", marts.PERIODS)
def test_one_row_a_day_today_last(drawn: Drawn, period: str) -> None:
    days = ask(drawn.api, period=period)["daily_trends"]
    expected = drawn.days[-marts.PERIODS[period] :]
    assert [day["date"] for day in days] == [row["day"].isoformat() for row in expected]
    assert days[-1]["date"] == "2025-06-30"
    for name in ("new_at_risk", "reengaged_successfully", "outreach_attempts", "appointments_scheduled"):
        assert [day[name] for day in days] == [row[name] for row in expected]
    assert all(len(day) == 5 for day in days)


def test_metrics_add_to_each_day(drawn: Drawn) -> None:
    body = ask(drawn.api, period="90d", metrics=["channel_performance", "success_rates", "risk_levels"])
    channels = {(row["day"], row["method"]): row for row in drawn.channel_days}
    for day, row in zip(body["daily_trends"], drawn.days[-90:], strict=True):
        assert day["risk_distribution"] == {level: row[level] for level in LEVELS}
        assert day["contact_success_rate"] == row["contact_success_rate"]
        assert day["conversion_rate"] == row["conversion_rate"]
        assert day["channels"] == {
            channel: {name: channels[row["day"], channel][name] for name in ("attempts", "successes")}
            for channel in METHODS
        }


def test_each_metric_adds_its_own_alone(drawn: Drawn) -> None:
    documented = set(ask(drawn.api)["daily_trends"][0])
    added = {
        "risk_levels": {"risk_distribution"},
        "success_rates": {"contact_success_rate", "conversion_rate"},
        "channel_performance": {"channels"},
    }
    for metric, names in added.items():
        assert set(ask(drawn.api, metrics=metric)["daily_trends"][0]) - documented == names


@pytest.mark.parametrize("period", marts.PERIODS)
def test_the_last_day_says_how_the_period_compares(drawn: Drawn, period: str) -> None:
    body = ask(drawn.api, period=period)
    now = next(row for row in drawn.trends if (row["period"], row["day"]) == (period, marts.TODAY))
    assert body["current_risk_distribution"] == {level: now[level] for level in LEVELS}
    assert body["risk_distribution_changes"] == {
        "critical_trend": now["critical_trend"],
        "high_trend": now["high_trend"],
        "overall_improvement": now["is_improvement"],
    }


@pytest.mark.parametrize("period", marts.PERIODS)
def test_each_channel_has_its_trend_in_the_order_of_the_channels(drawn: Drawn, period: str) -> None:
    told = ask(drawn.api, period=period)["channel_performance_trends"]
    assert [(name, *trend.values()) for name, trend in told.items()] == [
        (row["method"], row["success_rate_trend"], row["change_points"])
        for row in drawn.channels
        if row["period"] == period
    ]


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
