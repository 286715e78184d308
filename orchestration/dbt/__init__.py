"""dbt, run for Dagster and for the command: builds, the manifest, the docs site."""
