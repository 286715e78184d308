"""The SQL that a schema makes: names, order, instants, money, what lies within and what no row has."""

import datetime as dt
from typing import Annotated

import psycopg
from pydantic import BaseModel

from serving.data.projection import Column, models_in, projection
from serving.openapi.fields import Instant, Money
from warehouse.settings import Settings


class Item(BaseModel):
    name: str


class Inner(BaseModel):
    at: Instant | None
    on: Annotated[dt.date, Column("day")]


class Shown(BaseModel):
    id: Annotated[str, Column("patient_id")]
    inner: Inner
    paid: Money
    owed: Annotated[Money | None, Column("debt")]
    items: list[Item]
    perhaps: Inner | None
    counted: Annotated[Inner, Column("by_level")]
    next_cursor: Annotated[str | None, Column(None)]


ROW = """
    select
        'p' as patient_id,
        '2025-06-30 10:00:00.9+10'::timestamptz as at,
        '2025-06-30'::date as day,
        12.5 as paid,
        null::numeric as debt,
        '[{"name": "n"}]'::json as items,
        null::json as perhaps,
        '{"low" : 1}'::json as by_level
"""


def test_a_row_is_shown_as_its_schema_says(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        statement = f"select {projection(Shown)}::text from ({ROW}) as answered"
        row = connection.execute(statement.encode()).fetchone()
    assert row
    assert row[0] == (
        '{"id" : "p", "inner" : {"at" : "2025-06-30T00:00:00Z", "on" : "2025-06-30"}, "paid" : "12.50", '
        '"owed" : null, "items" : [{"name": "n"}], "perhaps" : null, "counted" : {"low" : 1}}'
    )


def test_all_models_of_an_answer_are_found() -> None:
    assert {*models_in(Shown)} == {Shown, Inner, Item}
