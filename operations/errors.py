"""The one error of the `routiq` command that a person is meant to read."""


class CommandError(Exception):
    """What went wrong and what to do, for a person to read; no stack trace."""
