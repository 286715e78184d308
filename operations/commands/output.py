"""How commands print for scripts: one JSON document on stdout."""

import json
from datetime import datetime
from uuid import UUID

import typer


def print_json(document: object) -> None:
    typer.echo(json.dumps(document, default=_plain, indent=2))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
