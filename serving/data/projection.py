"""The JSON of an answer, as SQL made from its schema: a field is said in its mart and there, nowhere else.

pydantic model -> json_build_object of the columns of one row, in the order of the fields
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Column:
    """In `Annotated`: the column that a field is, where that is not its name.

    None: no column has it, it is added to the answer's text. A model whose column is named is JSON already.
    """

    name: str | None


def projection(schema: type[BaseModel]) -> str:
    """SQL: a row as the JSON object that `schema` describes.

    A column is named as its field, or as `Column` says. Instants become RFC 3339 and decimals exact text; a
    model is built from the same row; a list, or a model that may be null, is a column of JSON.
    """
    values = ((name, value_of(name, field)) for name, field in schema.model_fields.items())
    pairs = [f"'{name}', {value}" for name, value in values if value]
    return f"json_build_object({', '.join(pairs)})"


def value_of(name: str, field: FieldInfo) -> str | None:
    column = column_of(name, field)
    if column is None:
        return None
    if is_model(field.annotation) and not any(isinstance(said, Column) for said in field.metadata):
        return projection(field.annotation)
    kinds = set(plain_types(field.annotation))
    if dt.datetime in kinds:
        return instant(column)
    return money(column) if Decimal in kinds else column


def column_of(name: str, field: FieldInfo) -> str | None:
    said = [found.name for found in field.metadata if isinstance(found, Column)]
    return said[0] if said else name


def is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def plain_types(annotation: Any) -> Iterator[Any]:
    """What a value is when it is no null: nothing inside a list counts."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from plain_types(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for kind in get_args(annotation):
            yield from plain_types(kind)
    elif annotation is not NoneType:
        yield annotation


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """A model and all that it is made of, lists included."""
    if is_model(annotation):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    else:
        for part in get_args(annotation):
            yield from models_in(part)


def instant(expression: str) -> str:
    """SQL: an instant as RFC 3339 in UTC, to the second."""
    return f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def money(expression: str) -> str:
    """SQL: an exact amount as text, with two decimals or as many more as it has."""
    return f"round({expression}, greatest(2, min_scale({expression})))::text"
