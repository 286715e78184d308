"""Cliniko -> raw_cliniko: reads what changed, checks every row, appends it through dlt, accepts it whole.

Knows nothing of Dagster, of the API, or of what the numbers mean.

    from ingestion.sync import sync_organization
"""
