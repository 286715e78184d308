"""Types that several answers share, and what the fields of an answer mean.

A field says so itself, or its type does, or it is a column of the mart that its schema `shows`: dbt says it.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.config import JsonDict

from serving.data.projection import Column, column_of
from serving.openapi.columns import columns

ANSWER = ConfigDict(extra="forbid")


def shows(mart: str) -> ConfigDict:
    """Of an answer that shows a mart of `marts/answers`: each field that says nothing of itself means what
    dbt says of its column.
    """

    def describe(schema: JsonDict, model: type[BaseModel]) -> None:
        described = columns()[mart]
        for name, field in model.model_fields.items():
            said = schema["properties"][name]  # type: ignore[index, call-overload]
            if (column := column_of(name, field)) in described:
                said.setdefault("description", described[column])  # type: ignore[union-attr]

    return ConfigDict(extra="forbid", json_schema_extra=describe)


Instant = Annotated[datetime, Field(description="RFC 3339 with Z")]
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100, description="Percent, one decimal")]
Money = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str),
    Field(description="Exact, as a string, in the clinic's currency"),
]
OrganizationId = Annotated[
    str, Column("asked.organization_id"), Field(description="The organization of your session token")
]
LastUpdated = Annotated[
    datetime,
    Column("asked.data_as_of"),
    Field(description="End of the last successful sync whose load is published"),
]
NextCursor = Annotated[
    str | None, Column(None), Field(description="Where the next page begins; null on the last")
]
