"""One module a command; each has `register(app)`."""

from collections.abc import Callable

import typer

from orchestration.commands import build, down, org, status, sync, token, up

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    up.register,
    down.register,
    status.register,
    org.register,
    sync.register,
    build.register,
    token.register,
)
