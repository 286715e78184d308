"""WHEN and FOR WHOM: Dagster, and dbt as Dagster and the command run it."""
