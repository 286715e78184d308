"""Keyset pages: a cursor says after which row to go on, so pages neither skip nor repeat while data changes.

A cursor is opaque to the caller: the sort key of the last row, all of it ascending (numbers are negated where
the order descends), ending with the patient's id.
"""

import base64
import binascii
import json
import re
from typing import Annotated

from fastapi import Query

from serving.errors import Unprocessable

NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,20})?|-?Infinity")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Cursor = Annotated[
    str | None,
    Query(max_length=512, description="`next_cursor` of the page before; leave it out for the first page."),
]


def encode(name: str, key: list[str]) -> str:
    document = json.dumps([name, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()


def decode(name: str, length: int, cursor: str | None) -> list[str] | None:
    """The sort key in a cursor of the list `name`: `length` numbers and an id.

    Raises:
        Unprocessable: no cursor that we have given for this list.
    """
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        raise unknown_cursor() from None
    if not isinstance(key, list) or len(key) != length + 2 or not all(isinstance(part, str) for part in key):
        raise unknown_cursor()
    given, *numbers, patient_id = key
    if (
        given != name
        or not all(NUMBER.fullmatch(number) for number in numbers)
        or not ID.fullmatch(patient_id)
    ):
        raise unknown_cursor()
    return [*numbers, patient_id]


def unknown_cursor() -> Unprocessable:
    fault = {"in": "query", "name": "cursor", "reason": "unknown_cursor", "message": "No cursor of this list"}
    return Unprocessable(errors=[fault])
