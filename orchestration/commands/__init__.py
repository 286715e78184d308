"""One module a command; each has `register(app)`."""

from collections.abc import Callable

import typer

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = ()
