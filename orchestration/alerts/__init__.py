"""How each clinic stands, and who is told when that changes."""
