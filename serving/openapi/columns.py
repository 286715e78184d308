"""What the columns of the answers' marts mean, as dbt says it: a field that is such a column quotes it.

dbt_project/models/marts/answers/*.yml -> columns.json, which the API carries, so that it needs no dbt

    python -m serving.openapi.columns    # after a description has changed; `make client` does it too
"""

import json
import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("columns.json")
MODELS = Path(__file__).parents[2] / "dbt_project" / "models"
BLOCK = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
QUOTED = re.compile(r"{{ doc\('(\w+)'\) }}")
Columns = dict[str, dict[str, str]]


@cache
def columns() -> Columns:
    """Mart -> column -> what it means."""
    found: Columns = json.loads(FILE.read_text())
    return found


def read_from_dbt() -> Columns:
    """The same as the marts' own files say it, their doc blocks filled in."""
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - for whoever changes a description

    blocks = dict(match for file in MODELS.rglob("*.md") for match in BLOCK.findall(file.read_text()))
    files = sorted((MODELS / "marts" / "answers").glob("*.yml"))
    models = [model for file in files for model in yaml.safe_load(file.read_text()).get("models", [])]
    return {
        model["name"]: {
            column["name"]: as_phrase(QUOTED.sub(lambda quoted: blocks[quoted[1]], column["description"]))
            for column in model["columns"]
        }
        for model in models
    }


def as_phrase(text: str) -> str:
    """On one line and without the full stop, as the API's other descriptions."""
    return " ".join(text.split()).removesuffix(".")


if __name__ == "__main__":
    FILE.write_text(json.dumps(read_from_dbt(), indent=2, ensure_ascii=False) + "\n")
