"""The answers that the two API documents promise the front end, as facts: names, types and values by route.

Ids are the documents' own; phone numbers and addresses are from blocks reserved for fiction.
"""

import copy
import json
from pathlib import Path
from typing import Any

SAMPLES = json.loads(Path(__file__).with_name("samples.json").read_text())


def reengagement(path: str) -> Any:
    """The sample of a route below `/api/v1/reengagement/{org_id}/`."""
    return copy.deepcopy(SAMPLES["reengagement"][path])


def active_patients(path: str) -> Any:
    """The sample of a route below `/api/v1/admin/`."""
    return copy.deepcopy(SAMPLES["active-patients"][path])


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
