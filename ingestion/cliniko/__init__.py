"""Cliniko itself: the table of feeds, the client, the validator, the dlt source."""
