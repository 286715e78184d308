"""The `routiq` command. Each command is a module of `orchestration/commands/`; heavy imports wait."""

import sys

import typer

from orchestration.commands import COMMANDS
from orchestration.errors import CommandError

app = typer.Typer(
    name="routiq",
    help="Routiq: re-engagement for clinics on Cliniko.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def routiq() -> None:
    """Routiq: re-engagement for clinics on Cliniko."""  # with a single command typer would drop its name


for register in COMMANDS:
    register(app)


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except CommandError as error:
        typer.echo(f"routiq: {error}", err=True)
        sys.exit(1)
