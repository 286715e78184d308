"""WHEN and FOR WHOM, as Dagster says it: one module a noun. The work itself is in `ingestion` and dbt."""
