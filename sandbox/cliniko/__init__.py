"""A Cliniko over HTTP that serves clinics from JSON Lines; imports nothing of the product."""
