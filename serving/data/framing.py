"""The text of each statement: its `.sql` file, filled once, so that Postgres prepares it once.

A file says `%(name)s` for what is asked, and in braces what is filled in: the JSON of the answer `{Name}`, or
a threshold by its name among dbt's vars.
"""

import re
from pathlib import Path
from typing import LiteralString

import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel

from serving.data.projection import models_in, projection

SERVING = Path(__file__).parents[1]
THRESHOLDS = {
    name: str(value)
    for name, value in yaml.safe_load((SERVING.parent / "dbt_project" / "dbt_project.yml").read_text())[
        "vars"
    ].items()
}
PART = re.compile(r"\{(\w+)\}")


def statement(file: str, **parts: str) -> LiteralString:
    """The statement in a file of `serving/`, with `parts` for what stands there in braces.

    Raises:
        KeyError: nobody says what a part is.
    """
    known = {**THRESHOLDS, **parts}
    return PART.sub(lambda part: known[part[1]], (SERVING / file).read_text())


def answering(file: str, schema: type[BaseModel], **parts: str) -> LiteralString:
    """A statement that brings an answer's body as JSON text, and whether there is data and how fresh it is.

    The file is a select of one row, or of none when what was asked about is not known: columns named as the
    fields of `schema`, `patient_ids` (text[] of everybody it names) and, if it pages, `next_key` (text[],
    where the next page begins). It may refer to `asked`: the organization, its zone, the clock, the data's
    age. It filters by the parameter `organization_id`, not by `asked`: only so the planner sees whose rows.
    """
    models = {model.__name__: projection(model) for model in models_in(schema)}
    return statement(
        "data/answer.sql",
        body=projection(schema),
        next_key="next_key" if "next_cursor" in schema.model_fields else "null",
        row=statement(file, **models, **parts),
    )
