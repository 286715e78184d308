"""One module a command; each has `register(app)`."""

from collections.abc import Callable

import typer

from operations.commands import (
    audit,
    backup,
    build,
    docs,
    doctor,
    down,
    erase,
    org,
    status,
    sync,
    token,
    up,
)

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    up.register,
    down.register,
    status.register,
    doctor.register,
    org.register,
    sync.register,
    build.register,
    docs.register,
    token.register,
    audit.register,
    backup.register,
    erase.register,
)
