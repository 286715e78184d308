"""The grammar of `q[]=FIELD:OPVALUE`: text to one SQL condition, or a 400 that says what is wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sandbox.cliniko.choices import Choices
from sandbox.cliniko.refusals import RefusedError
from sandbox.cliniko.resources import Kind, Resource

_COMPARE = (">=", "<=", ">", "<")
_PRESENCE = ("!?", "?")
# Longest first, so that `>=` is not read as `>`.
OPERATORS: dict[Kind, tuple[str, ...]] = {
    "dt": (*_PRESENCE, *_COMPARE, "*"),
    "date": (*_PRESENCE, *_COMPARE, "="),
    "id": (*_PRESENCE, "!=", *_COMPARE, "="),
    "int": (*_PRESENCE, "!=", *_COMPARE, "="),
    "str": (*_PRESENCE, "!=", "~~", "~", "="),
    "bool": ("!=", "="),
    "arr": ("~",),
}
_NUMBER = re.compile(r"-?\d{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(_DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")
_WILD_DATE = re.compile(r"[\d*]{4}-[\d*]{2}-[\d*]{2}")
Value = str | int | bool | date | datetime


@dataclass(frozen=True)
class Condition:
    """SQL over the columns of one list; `lifts` names the field it speaks of."""

    sql: str
    lifts: str = ""
    values: list[Value | list[int]] = field(default_factory=list)


def parse_filter(text: str, resource: Resource, choices: Choices) -> Condition:
    name, _, rest = text.partition(":")
    kind = resource.filterable.get(name)
    if kind is None:
        raise RefusedError(400, choices.unfilterable_message.format(field=name))
    operator = next((known for known in OPERATORS[kind] if rest.startswith(known)), None)
    if operator is None:
        raise RefusedError(400, f"Filter operator for {name} is not supported")
    value = rest[len(operator) :]
    if operator in {"?", "!?", "*"}:
        return _presence(name, operator, value)
    return _READERS[kind](name, operator, value)


def _presence(name: str, operator: str, value: str) -> Condition:
    if value:
        raise RefusedError(400, f"Filter for {name} takes no value after {operator}")
    sql = {"?": f"{name} is not null", "!?": f"{name} is null", "*": "true"}[operator]
    return Condition(sql, name)


def _must_be(name: str, what: str) -> RefusedError:
    return RefusedError(400, f"Filter value for {name} must be a {what}")


def _instant(name: str, operator: str, value: str) -> Condition:
    # A plus sign in a query string is a space when nobody encoded it.
    text = value.replace(" ", "+")
    if not _INSTANT.fullmatch(text):
        raise _must_be(name, "date-time")
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _must_be(name, "date-time") from None
    return Condition(f"{name} {operator} ?", name, [instant])


def _date(name: str, operator: str, value: str) -> Condition:
    if operator == "=" and "*" in value and _WILD_DATE.fullmatch(value):
        return Condition(f"strftime({name}, '%Y-%m-%d') like ?", name, [value.replace("*", "_")])
    if not _DATE.fullmatch(value):
        raise _must_be(name, "date")
    try:
        return Condition(f"{name} {operator} ?", name, [date.fromisoformat(value)])
    except ValueError:
        raise _must_be(name, "date") from None


def _integer(name: str, operator: str, value: str) -> Condition:
    parts = value.split(",") if operator == "=" else [value]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise _must_be(name, "number")
    numbers = [int(part) for part in parts]
    if operator == "=":
        return Condition(f"{name} in (select unnest(?::hugeint[]))", name, [numbers])
    return Condition(f"{name} {operator} ?", name, [numbers[0]])


def _string(name: str, operator: str, value: str) -> Condition:
    if operator == "~":
        return Condition(f"contains({name}, ?)", name, [value])
    return Condition(f"{name} {'like' if operator == '~~' else operator} ?", name, [value])


def _boolean(name: str, operator: str, value: str) -> Condition:
    if value not in {"true", "false"}:
        raise _must_be(name, "boolean")
    return Condition(f"{name} {operator} ?", name, [value == "true"])


def _array(name: str, operator: str, value: str) -> Condition:
    del operator  # an array can only be asked what it contains
    return Condition(f"list_contains({name}, ?)", name, [value])


_READERS: dict[Kind, Callable[[str, str, str], Condition]] = {
    "dt": _instant,
    "date": _date,
    "id": _integer,
    "int": _integer,
    "str": _string,
    "bool": _boolean,
    "arr": _array,
}


def hiding_conditions(resource: Resource, conditions: list[Condition], choices: Choices) -> list[Condition]:
    """What keeps hidden rows out, for each hiding field that no filter speaks of."""
    lifted = {condition.lifts for condition in conditions} & set(resource.hiding)
    if lifted and not choices.lifts_are_separate:
        return []
    return [Condition(f"{name} is null") for name in resource.hiding if name not in lifted]
