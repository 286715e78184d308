"""`routiq status`: what runs, and how far each organization is."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from operations.supervision.supervisor import ProcessState
    from warehouse.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> None:
    """Show the processes, the organizations, their last sync and how fresh their data is."""
    from operations import status as overview  # noqa: PLC0415 - its imports are slow
    from operations.commands.output import print_json  # noqa: PLC0415
    from warehouse.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    running = overview.processes(settings)
    known = _organizations(settings)
    if json:
        return print_json(
            {
                "processes": [vars(process) for process in running],
                "database": {"answers": known is not None},
                "addresses": _addresses(),
                "organizations": known or [],
            }
        )
    return _show(running, known)


def _organizations(settings: "Settings") -> list[dict[str, Any]] | None:
    """None when the database does not answer."""
    import psycopg  # noqa: PLC0415

    from operations.status import organizations  # noqa: PLC0415

    try:
        return organizations(settings)
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return None


def _addresses() -> dict[str, str]:
    from operations.settings import PlatformSettings  # noqa: PLC0415

    platform = PlatformSettings()
    return {
        "api": f"http://127.0.0.1:{platform.api_port}",
        "dagster": f"http://127.0.0.1:{platform.dagster_port}",
        "dbt docs": f"http://127.0.0.1:{platform.docs_port}",
    }


def _show(running: "list[ProcessState]", known: list[dict[str, Any]] | None) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console()
    table = Table("process", "state", "pid", "up", box=None, pad_edge=False)
    for process in running:
        table.add_row(process.name, process.state, str(process.pid or "-"), f"{process.uptime_seconds} s")
    table.add_row("postgres", "RUNNING" if known is not None else "NOT ANSWERING", "-", "-")
    console.print(table)
    if not running:
        console.print("nothing is supervised here; `routiq up` starts it")
    for name, address in _addresses().items():
        console.print(f"{name}: {address}")
    if known:
        console.print(_organization_table(known))


def _organization_table(known: list[dict[str, Any]]) -> Any:
    from datetime import UTC, datetime  # noqa: PLC0415

    from rich.table import Table  # noqa: PLC0415

    from operations.status import ago, describe_sync  # noqa: PLC0415

    now = datetime.now(UTC)
    table = Table("\norganization", "\nname", "\nlast sync", "\ndata as of", box=None, pad_edge=False)
    for row in known:
        as_of = ago(row["data_as_of"], now) if row["data_as_of"] else "no data yet"
        table.add_row(row["organization_id"], row["name"], describe_sync(row, now), as_of)
    return table
