"""Types that several answers share."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, PlainSerializer

ANSWER = ConfigDict(extra="forbid")

Instant = Annotated[datetime, Field(description="RFC 3339 with Z")]
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100, description="Percent, one decimal")]
Money = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str),
    Field(description="Exact, as a string, in the clinic's currency"),
]
