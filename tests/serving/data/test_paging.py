"""A cursor that we never gave is refused, whatever is in it: 422, and the database hears nothing."""

import base64
import json
from typing import Any

import pytest

from serving.data import paging
from tests.serving.checks import problem
from tests.serving.conftest import Api
from tests.serving.routes import ACTIVE, CONTACTS, LIST

# Of each list: its name in the cursor, a position in it, and which parts of that are whole numbers.
LISTS = {
    "prioritized": (LIST, ["2", "-85", "-1140.00", "101"], {0, 1}),
    "active": (ACTIVE, ["-1748736000.000000", "101"], set()),
    "contacts": (CONTACTS, ["-1748736000.000000", "101"], set()),
}
NO_NUMBERS = [
    *("", " 1", "1 ", "+1", "1_0", "0x1", "1e3", "1E400", "-", ".5", "1.", "01", "-0", "-0.0"),
    *("NaN", "nan", "inf", "infinity", "-Infinity", "Infinity ", "true", "null", "1;select 1", "1\n", "1\0"),
    *("\u0661\u0662", "\u0967", "\uff11", "1\u0660", "\u00b2", "9" * 41, "-" + "9" * 41, "1." + "0" * 21),
]
NO_INTEGERS = ["1.5", "1.0", "Infinity", "2147483648", "-2147483649", "9999999999", "9" * 20]
NO_TEXTS: list[Any] = [1, -1, 1.5, 2147483648, None, True, [], ["1"], {}, {"1": "1"}]
NO_IDS = ["", " ", "x" * 65, "101\n", "\u0661", "1'--", "1\0", "../1"]


def encode(content: Any) -> str:
    """As a cursor spells it, whatever is in it."""
    document = content if isinstance(content, bytes) else json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def replaced(name: str, place: int, value: Any) -> str:
    key: list[Any] = [*LISTS[name][1]]
    key[place] = value
    return encode([name, *key])


def forged() -> list[tuple[str, str]]:
    """(list, cursor): every part of a position replaced by what it cannot be, and wholes that are none."""
    found = []
    for name, (_, key, integers) in LISTS.items():
        last = len(key) - 1
        for place in range(last):
            values = [*NO_NUMBERS, *NO_TEXTS, *(NO_INTEGERS if place in integers else [])]
            found += [(name, replaced(name, place, value)) for value in values]
        found += [(name, replaced(name, last, value)) for value in [*NO_IDS, *NO_TEXTS]]
        found += [(name, cursor) for cursor in wholes(name, key)]
        found += [(name, encode([other, *LISTS[other][1]])) for other in LISTS if other != name]
    return found


def wholes(name: str, key: list[str]) -> list[str]:
    genuine = paging.encode(name, key)
    return [
        *("", "=", "A", "!!!!", genuine[:-2]),
        *(genuine + "=", genuine + "AA", "\n" + genuine, genuine + "\u0661"),
        *(encode(content) for content in (name, key, [name], [name, *key, "1"])),
        *(encode(content) for content in ([name, *key[1:]], {name: key})),
        *(encode([name, key]), encode([[name, *key]]), encode([None, *key]), encode([name.upper(), *key])),
        *(encode(b"\xff\xfe"), encode(b"[" * 300), encode(b"NaN"), encode(b"9" * 380), encode(b"")),
        encode(json.dumps([name, *key]).encode()),
    ]


@pytest.mark.parametrize(("name", "cursor"), forged())
def test_a_forged_cursor_is_refused(clinic_api: Api, name: str, cursor: str) -> None:
    before = clinic_api.connections_taken()
    answer = clinic_api.get(LISTS[name][0].format("org_a"), params={"limit": 5, "cursor": cursor})
    errors = problem(answer, 422)["errors"]
    assert isinstance(errors, list)
    assert [error["name"] for error in errors] == ["cursor"]
    assert clinic_api.connections_taken() == before


@pytest.mark.parametrize("name", LISTS)
def test_a_position_that_the_list_could_give_is_taken(clinic_api: Api, name: str) -> None:
    route, key, integers = LISTS[name]
    for place in range(len(key) - 1):
        values = ["0", "-1", "2147483647", "-2147483648"] if place in integers else ["0", "-0.50", "Infinity"]
        for value in [*values, *([] if place in integers else ["9" * 40 + "." + "9" * 20])]:
            params = {"limit": 5, "cursor": replaced(name, place, value)}
            assert clinic_api.get(route.format("org_a"), params=params).status_code == 200
