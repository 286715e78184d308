"""What the API writes down: one JSON line an event, and only the fields listed here.

A call site may pass typed ids, counts and fixed words. Everything else is dropped by the one processor
below, so that no query string, body, token or patient can reach a log by oversight. Exceptions are named by
class only: the messages of drivers quote data.
"""

import logging
import sys
from collections.abc import MutableMapping

import structlog

ALLOWED = {
    *("event", "level", "timestamp", "logger", "request_id", "method", "route", "status", "duration_ms"),
    *("organization_id", "subject", "reason", "error", "sqlstate", "host", "port", "count", "holes"),
    *("role", "organizations", "remedy"),
}
# Libraries whose message templates (never their arguments) may be written.
TRUSTED_TEMPLATES = ("uvicorn", "psycopg.pool")

Event = MutableMapping[str, object]


def only_allowed(_logger: object, _method: str, event: Event) -> Event:
    return {
        name: value
        for name, value in event.items()
        if name in ALLOWED and isinstance(value, str | int | float | None)
    }


structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        only_allowed,
        structlog.processors.JSONRenderer(),
    ],
    logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    cache_logger_on_first_use=False,
)
log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Forward(logging.Handler):
    """Lines of libraries, without arguments and without exceptions."""

    def emit(self, record: logging.LogRecord) -> None:
        trusted = record.name.startswith(TRUSTED_TEMPLATES) and isinstance(record.msg, str)
        event = str(record.msg) if trusted else "library_log"
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.log(record.levelno, event, logger=record.name, error=error)


def forward_library_logs(level: int = logging.WARNING) -> None:
    """Let everything that uses `logging` go through the same door."""
    logging.basicConfig(handlers=[Forward()], level=level, force=True)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
