"""`routiq up`: have everything running. Safe to run again; repairs what a killed run left."""

import time
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(up)


def up(json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> None:
    """Start the database, the API, Dagster and the docs site, and wait until all answer."""
    from operations import platform  # noqa: PLC0415 - its imports are slow
    from operations.commands.output import print_json  # noqa: PLC0415
    from orchestration.settings import DagsterWebSettings  # noqa: PLC0415

    began = time.monotonic()
    _, ports = platform.up(lambda text: typer.echo(text, err=True))
    addresses = {
        "api": f"http://127.0.0.1:{ports.api_port}",
        "api_docs": f"http://127.0.0.1:{ports.api_port}/docs",
        "dagster": f"http://127.0.0.1:{ports.dagster_port}",
        "dbt_docs": f"http://127.0.0.1:{ports.docs_port}",
    }
    login = DagsterWebSettings.load().login
    if json:
        told = {**addresses, "dagster_login": login, "seconds": round(time.monotonic() - began, 1)}
        return print_json(told)
    for name, address in addresses.items():
        more = f"   sign in as {login['user']}, {login['password']}" if name == "dagster" else ""
        typer.echo(f"{name.replace('_', ' '):10}{address}{more}")
    return None
