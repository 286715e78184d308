"""A Clerk on loopback: an issuer of tokens, and who belongs to which organization."""
