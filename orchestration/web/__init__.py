"""Dagster's web app behind a door of our own: `python -m orchestration.web`."""
