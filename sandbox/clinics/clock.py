"""Instants are whole seconds since 1970, as fine as Cliniko's own; days belong to a time zone."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = 60
HOUR = 3_600
DAY = 86_400


@lru_cache(maxsize=20_000)
def _utc_day(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()


def iso(instant: int) -> str:
    """The way Cliniko writes an instant: 2026-02-03T01:12:44Z."""
    day, second = divmod(instant, DAY)
    hour, second = divmod(second, HOUR)
    minute, second = divmod(second, MINUTE)
    return f"{_utc_day(day)}T{hour:02d}:{minute:02d}:{second:02d}Z"


def maybe_iso(instant: int | None) -> str | None:
    return None if instant is None else iso(instant)


def instant_of(moment: datetime) -> int:
    """Whole seconds; a moment without a zone would mean something else on each machine."""
    if moment.tzinfo is None:
        raise ValueError("the moment has no time zone; write it with Z or an offset")
    return int(moment.timestamp())


def parse(text: str) -> int:
    return instant_of(datetime.fromisoformat(text))


class Calendar:
    """Local days of one time zone, numbered as `date.toordinal` does."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)

    def day(self, instant: int) -> int:
        return datetime.fromtimestamp(instant, self._zone).toordinal()

    def date(self, instant: int) -> date:
        return datetime.fromtimestamp(instant, self._zone).date()

    def at(self, day: int, second_of_day: int) -> int:
        """The instant a wall clock shows that second of that day."""
        hour, rest = divmod(second_of_day, HOUR)
        minute, second = divmod(rest, MINUTE)
        on = date.fromordinal(day)
        return int(datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=self._zone).timestamp())
