"""The Postgres itself: embedded server, roles, migrations of schema `app`, organizations, sealed API keys.

Everything else may import this package; it imports none of the others.
"""
