"""Readers that ask again and again, each on a connection of its own as the API's role, while a build runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

from tests.dbt_project.clinic import as_api
from warehouse.settings import Settings

Ask = Callable[[psycopg.Connection[dict[str, Any]]], object]


@dataclass
class Seen:
    """What the readers got, in no order, and what went wrong."""

    answers: list[object] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@contextmanager
def reading(settings: Settings, organization_id: str, *asks: Ask) -> Iterator[Seen]:
    """One thread for each of `asks`; every answer is a transaction of its own."""
    seen, stop = Seen(), threading.Event()

    def read(ask: Ask) -> None:
        while not stop.wait(0.02):  # a breath: the build needs the machine as well
            try:
                with as_api(settings, organization_id) as connection:
                    seen.answers.append(ask(connection))
            except psycopg.Error as error:
                seen.errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=read, args=[ask]) for ask in asks]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def relations(settings: Settings, kinds: LiteralString) -> list[str]:
    """What is served: relations of schema `marts` of these kinds, from the catalogue."""
    with psycopg.connect(settings.url("owner")) as connection:
        return [
            row[0]
            for row in connection.execute(
                "select relname from pg_class where relnamespace = 'marts'::regnamespace"
                " and relkind = any(%s) order by relname",
                [list(kinds)],
            )
        ]
