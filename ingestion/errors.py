"""The one error of a sync: a stable code for machines, a sentence for people, never a secret or a name."""


class SyncError(Exception):
    """A sync that did not read everything. Nothing of it counts; the next one begins where this one did."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
