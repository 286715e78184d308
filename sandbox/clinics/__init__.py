"""Clinics drawn from a seed, and the truth about them; imports nothing of the product."""
