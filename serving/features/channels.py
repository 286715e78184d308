"""The channels of outreach, as the dbt project's seed has them: a row there is a channel here.

`Method` is the type of a channel's name; `EachChannel` makes an answer's object with a field for each.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema

from serving.openapi.fields import ANSWER

SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "channels.csv"


@dataclass(frozen=True)
class Channel:
    """`kind` says how it is counted and what it tells: text, mail or call."""

    method: str
    kind: str
    label: str
    is_documented: bool


def read_channels() -> tuple[Channel, ...]:
    """In the order of the answers."""
    with SEED.open(newline="") as seed:
        rows = sorted(csv.DictReader(seed), key=lambda row: int(row["place"]))
    return tuple(
        Channel(row["method"], row["kind"], row["label"], row["is_documented"] == "true") for row in rows
    )


CHANNELS = read_channels()
METHODS = tuple(channel.method for channel in CHANNELS)
if TYPE_CHECKING:
    Known = str
else:
    Known = Literal[METHODS]
Method = Annotated[
    Known,
    Field(description=" or ".join([", ".join(f"`{it}`" for it in METHODS[:-1]), f"`{METHODS[-1]}`"])),
]


class EachChannel:
    """As the last part of an `Annotated`: an object `name` with a field for each channel, of its model."""

    def __init__(self, name: str, model_of: Callable[[Channel], type[BaseModel]], doc: str = "") -> None:
        described = {channel.method: self._field(channel, model_of(channel)) for channel in CHANNELS}
        self._model = create_model(name, __config__=ANSWER, __doc__=doc or None, **described)  # type: ignore[call-overload]

    @staticmethod
    def _field(channel: Channel, model: type[BaseModel]) -> tuple[object, object]:
        """One that the documents do not have may be left out: what was written by them still fits."""
        if channel.is_documented:
            return model, Field(description=channel.label)
        return model | None, Field(default=None, description=channel.label)

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self._model)
