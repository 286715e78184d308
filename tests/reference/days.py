"""Local calendar days: the zone of a clinic, the day of an instant, the end of a day."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.reference.facts import Facts

MICROSECOND = timedelta(microseconds=1)


def zone_at(facts: Facts, as_of: datetime) -> ZoneInfo:
    """The most common zone of the businesses that live at that instant; a tie goes to the oldest business."""
    live = [business for business in facts.businesses if business.counts_at(as_of)]
    zoned = [(business, zone) for business in live if (zone := zone_named(business.time_zone))]
    votes = Counter(zone.key for _, zone in zoned)
    ranked = sorted(zoned, key=lambda it: (-votes[it[1].key], it[0].created_at, int(it[0].id)))
    return ranked[0][1] if ranked else ZoneInfo("UTC")


def zone_named(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def days_since(instant: datetime, as_of: datetime, zone: ZoneInfo) -> int:
    return max(0, (local_day(as_of, zone) - local_day(instant, zone)).days)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The last microsecond before the next local day begins."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight.astimezone(UTC) - MICROSECOND
