"""The samples that the two API documents print: what the front end was promised."""

import json
import re
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def sample(document: str, heading: str) -> Any:
    """The first JSON block after a heading, without the comments and dots of a printed sample."""
    text = (FOLDER / f"{document}.md").read_text(encoding="utf-8")
    _, found, rest = text.partition(heading)
    assert found, f"{document} has no {heading}"
    block = re.search(r"\*\*Response.*?```json\n(.*?)```", rest, re.S)
    assert block, f"{heading} has no sample"
    return json.loads(re.sub(r"\s+//.*", "", block[1]).replace("[...]", "[]"))


def reengagement(path: str) -> Any:
    return sample("reengagement-api", "### **GET `/api/v1/reengagement/{org_id}/" + path)


def active_patients(path: str) -> Any:
    return sample("active-patients-api", f"/api/v1/admin/{path}\n")


def shape(value: Any) -> Any:
    """Names and nesting, without the values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def known_only(answer: Any, documented: Any) -> Any:
    """What the document shows of an answer: extra names are allowed, missing ones are not."""
    if isinstance(documented, dict):
        return {name: known_only(answer[name], inner) for name, inner in documented.items()}
    return answer
