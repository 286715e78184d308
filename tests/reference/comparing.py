"""What the API's role reads against the reference: every column of every row."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.reference.facts import facts_of
from tests.reference.marts import ANSWERS, MARTS, Answer, Mart
from tests.reference.question import Question
from tests.reference.raw import read_clinic
from warehouse.settings import Settings

Row = Mapping[str, Any]
Keyed = dict[tuple[Any, ...], Row]
NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """Where what is served and the reference disagree."""

    organization_id: str
    as_of: datetime
    name: str
    key: tuple[Any, ...]
    column: str
    served: Any
    expected: Any

    def __str__(self) -> str:
        return (
            f"{self.organization_id}, {self.as_of.isoformat()}: {self.name}.{self.column} of {self.key} is"
            f"\n  served    {self.served!r}\n  reference {self.expected!r}"
        )


class Reader:
    """One connection of the API's role that asks for one organization at one instant at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = psycopg.connect(settings.url("api"), row_factory=dict_row)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def compare(self, organization_id: str, instants: Iterable[datetime]) -> list[Difference]:
        facts = facts_of(read_clinic(self._settings, organization_id))
        return [it for as_of in instants for it in self._differences(Question.at(facts, as_of))]

    def _differences(self, question: Question) -> Iterator[Difference]:
        for name, served, expected in self._ask(question):
            for key in sorted(served.keys() | expected.keys(), key=str):
                for column, pair in _unequal(served.get(key), expected.get(key)).items():
                    yield Difference(question.facts.organization_id, question.as_of, name, key, column, *pair)

    def _ask(self, question: Question) -> Iterator[tuple[str, Keyed, Keyed]]:
        """Name, served rows and expected rows of everything that is compared, in one transaction."""
        with self._connection.transaction():
            for name, value in (
                ("as_of", question.as_of.isoformat()),
                ("organization_id", question.facts.organization_id),
            ):
                self._connection.execute(
                    sql.SQL("set local {} = {}").format(sql.Identifier("app", name), sql.Literal(value))
                )
            for mart in MARTS:
                served, expected = self._rows(mart), by_key(mart, mart.expected(question))
                if mart.is_sampled:
                    served = {key: row for key, row in served.items() if key in expected}
                yield mart.name, served, expected
            for answer in ANSWERS:
                told = answer.expected(question)
                yield answer.name, {(): self._body(answer, question, told)}, {(): told}

    def _rows(self, mart: Mart) -> Keyed:
        everything = sql.SQL("select * from {}").format(sql.Identifier("marts", mart.name))
        query = sql.SQL(mart.query) if mart.query else everything
        return by_key(mart, self._connection.execute(query).fetchall())

    def _body(self, answer: Answer, question: Question, expected: Row) -> Row:
        parameters = {**answer.parameters, "organization_id": question.facts.organization_id}
        row = self._connection.execute(answer.statement, parameters).fetchone()
        assert row is not None
        body = json.loads(row["body"])
        if isinstance(listed := body.get("patients"), list):
            body["patients"] = [patient["id"] for patient in listed]
        return {name: body[name] for name in expected}


def by_key(mart: Mart, rows: list[dict[str, Any]]) -> Keyed:
    keyed: Keyed = {tuple(row[name] for name in mart.key): row for row in rows}
    assert len(keyed) == len(rows), f"{mart.name} has a key twice"
    return keyed


def _unequal(served: Row | None, expected: Row | None) -> dict[str, tuple[Any, Any]]:
    if served is None or expected is None:
        return {"(row)": ("a row" if served else NOTHING, "a row" if expected else NOTHING)}
    return {
        column: (served.get(column, NOTHING), expected.get(column, NOTHING))
        for column in dict.fromkeys((*served, *expected))
        if served.get(column, NOTHING) != expected.get(column, NOTHING)
    }
