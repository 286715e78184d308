"""Plays what cannot be reached: Cliniko and Clerk on loopback, with clinics whose truth is known."""
