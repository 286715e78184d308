"""`routiq docs`: make the dbt docs site."""

import time
from typing import Annotated

import typer

from operations.errors import CommandError


def register(app: typer.Typer) -> None:
    app.command()(docs)


def docs(json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> None:
    """Make the site of models, columns, tests and lineage: one file, which `routiq up` serves."""
    from operations.commands.output import print_json  # noqa: PLC0415 - help must answer at once
    from operations.settings import PlatformSettings  # noqa: PLC0415
    from orchestration.dbt.docs_site import make_docs_site  # noqa: PLC0415
    from orchestration.dbt.manifest import DbtError  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    began = time.monotonic()
    try:
        page = make_docs_site(Settings.load())
    except DbtError as error:
        raise CommandError(str(error)) from None
    address = f"http://127.0.0.1:{PlatformSettings().docs_port}"
    if json:
        seconds = round(time.monotonic() - began, 1)
        return print_json({"page": str(page), "address": address, "seconds": seconds})
    typer.echo(f"made {page}\nserved at {address} while `routiq up` runs")
    return None
