"""Keyset pages: a cursor says after which row to go on, so pages neither skip nor repeat while data changes.

A cursor is opaque to the caller: the sort key of the last row, all of it ascending (numbers are negated where
the order descends), ending with the patient's id. Each list says of which kinds its numbers are; what comes
back is taken only in the spelling that we give, so nothing reaches the database that it cannot read.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Query

from serving.http.errors import Unprocessable

Kind = Callable[[str], bool]

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,9}")
# As numeric, the widest that a mart holds; "Infinity" puts a row without a value last.
AMOUNT = re.compile(r"(?!-0(\.0*)?\Z)-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,20})?|Infinity")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Cursor = Annotated[
    str | None,
    Query(max_length=512, description="`next_cursor` of the page before; leave it out for the first page."),
]


def is_integer(text: str) -> bool:
    """One of Postgres's type of that name."""
    return bool(INTEGER.fullmatch(text)) and -(2**31) <= int(text) < 2**31


def is_amount(text: str) -> bool:
    return bool(AMOUNT.fullmatch(text))


def encode(name: str, key: Sequence[str]) -> str:
    document = json.dumps([name, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()


def decode(name: str, kinds: Sequence[Kind], cursor: str | None) -> list[str] | None:
    """The sort key in a cursor of the list `name`: numbers of these kinds and an id.

    Raises:
        Unprocessable: no cursor that we have given for this list.
    """
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise unknown_cursor() from None
    if not is_key(key, name, kinds) or encode(name, key[1:]) != cursor:
        raise unknown_cursor()
    return [*key[1:]]


def is_key(key: object, name: str, kinds: Sequence[Kind]) -> bool:
    if not isinstance(key, list) or len(key) != len(kinds) + 2:
        return False
    if not all(isinstance(part, str) for part in key) or key[0] != name:
        return False
    numbers = zip(kinds, key[1:-1], strict=True)
    return all(is_kind(number) for is_kind, number in numbers) and bool(ID.fullmatch(key[-1]))


def unknown_cursor() -> Unprocessable:
    fault = {"in": "query", "name": "cursor", "reason": "unknown_cursor", "message": "No cursor of this list"}
    return Unprocessable(errors=[fault])
