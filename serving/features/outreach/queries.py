"""Logging outreach: the attempt, its idempotency key and its audit row are one statement, so all or none."""

from serving.data.framing import statement

LOG_OUTREACH = statement("features/outreach/log_outreach.sql")
