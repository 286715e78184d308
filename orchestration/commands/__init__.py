"""One module a command; each has `register(app)`."""

from collections.abc import Callable

import typer

from orchestration.commands import token

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (token.register,)
