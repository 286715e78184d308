"""`routiq down`: stop everything that was started for this ROUTIQ_HOME, and nothing else."""

import typer


def register(app: typer.Typer) -> None:
    app.command()(down)


def down() -> None:
    """Stop the API, Dagster, the sandbox if there is one, and the embedded database."""
    from operations import platform  # noqa: PLC0415 - its imports are slow
    from warehouse.settings import HomeSettings  # noqa: PLC0415

    platform.down(HomeSettings().home)
    typer.echo("everything is stopped; the data stays", err=True)
