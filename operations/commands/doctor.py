"""`routiq doctor`: what is wrong here, and what to do about it."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> None:
    """Check state, sign-in, ports, database, tenant isolation, keys, manifest and processes."""
    from operations.commands.output import print_json  # noqa: PLC0415 - its imports are slow
    from operations.doctor import examine  # noqa: PLC0415
    from operations.settings import PlatformSettings  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    findings = examine(Settings.load(), PlatformSettings())
    if json:
        print_json({"findings": [vars(one) for one in findings], "is_well": all(f.is_well for f in findings)})
    else:
        for one in findings:
            typer.echo(f"{'ok   ' if one.is_well else 'FAULT'}  {one.subject:13} {one.detail}")
            if one.remedy:
                typer.echo(f"{'':21}-> {one.remedy}")
    if not all(one.is_well for one in findings):
        raise typer.Exit(1)
