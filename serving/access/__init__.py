"""Who may ask: tokens and whose they are, rates, known parameters. Knows no data."""
