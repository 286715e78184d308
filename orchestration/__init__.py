"""WHEN and FOR WHOM: the Dagster definitions and the `routiq` command."""
