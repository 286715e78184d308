"""One module a command; each has `register(app)`."""

from collections.abc import Callable

import typer

from orchestration.commands import org, sync, token

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    org.register,
    sync.register,
    token.register,
)
