"""SOURCE -> RAW. Reads Cliniko with dlt into the append-only raw log; knows neither Dagster nor the API."""
