"""The mirror of who belongs to an organization, as Clerk says: filled on demand, and counted.

It is no source of rights: those come from the session token alone.
"""
