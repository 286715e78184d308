"""One patient: where they stand, what has happened, and what was tried."""
