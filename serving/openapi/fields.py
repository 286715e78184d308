"""Types that several answers share."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, PlainSerializer

from serving.data.projection import Column

ANSWER = ConfigDict(extra="forbid")

Instant = Annotated[datetime, Field(description="RFC 3339 with Z")]
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100, description="Percent, one decimal")]
Money = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str),
    Field(description="Exact, as a string, in the clinic's currency"),
]
OrganizationId = Annotated[str, Column("asked.organization_id")]
LastUpdated = Annotated[
    datetime,
    Column("asked.data_as_of"),
    Field(description="End of the last successful sync whose load is published"),
]
NextCursor = Annotated[
    str | None, Column(None), Field(description="Where the next page begins; null on the last")
]
