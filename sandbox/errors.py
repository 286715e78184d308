"""What a person can put right: a message that says what is wrong and what to do."""


class SandboxError(Exception):
    """Ends a sandbox command with its message; no stack trace."""
