"""Asking for a sync. Dagster carries it out; the row in `app.sync_runs` is the truth."""
