"""Queueing a sync, and how syncs stand. A partial unique index lets one run be queued or running."""

from serving.data.framing import answering, statement
from serving.features.sync.schemas import SyncDashboard

SCHEDULE = statement("features/sync/schedule.sql")
DASHBOARD = answering("features/sync/dashboard.sql", SyncDashboard)
