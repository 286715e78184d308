"""Clinics that never were: drawn from a seed, in Cliniko's own shape, with the truth about each patient.

seed -> draw (who comes when) -> story -> records (Cliniko's JSON) -> folder
                                   \\-> truth (what the product must answer)

    python -m sandbox generate --out clinic --seed 7 --patients 650
    python -m sandbox truth --clinic clinic --as-of 2026-01-31T02:00:00Z

It imports nothing of the product: the two are compared, so they must not share a mistake.
"""
