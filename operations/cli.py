"""The `routiq` command. Each command is a module of `operations/commands/`; heavy imports wait."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from operations.commands import COMMANDS
from operations.environment import load_environment
from operations.errors import CommandError

app = typer.Typer(
    name="routiq",
    help="Routiq: re-engagement for clinics on Cliniko.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"routiq {version('routiq')}")
        raise typer.Exit


@app.callback()
def routiq(
    *,
    shown: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Routiq: re-engagement for clinics on Cliniko."""


for register in COMMANDS:
    register(app)


def main() -> None:
    """Entry point of the console script."""
    load_environment()
    try:
        app()
    except CommandError as error:
        typer.echo(f"routiq: {error}", err=True)
        sys.exit(1)
    except Exception as error:
        if (text := _settings_error(error)) is None:
            raise
        typer.echo(f"routiq: {text}", err=True)
        sys.exit(1)


def _settings_error(error: Exception) -> str | None:
    """A missing or wrong setting, by its name; never by its value, which may be a secret."""
    from pydantic import ValidationError  # noqa: PLC0415 - slow, and only needed here

    if not isinstance(error, ValidationError) or not error.title.endswith("Settings"):
        return None
    faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    return f"settings ({'; '.join(faults)}); `routiq up` makes missing secrets"
