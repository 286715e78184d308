"""Everybody who ever had, missed or has an appointment."""
