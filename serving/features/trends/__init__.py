"""How it has been going: day by day, and this period against the one before."""
