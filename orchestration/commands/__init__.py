"""One module a command; each has `register(app)`."""

from collections.abc import Callable

import typer

from orchestration.commands import build, org, sync, token

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    org.register,
    sync.register,
    build.register,
    token.register,
)
