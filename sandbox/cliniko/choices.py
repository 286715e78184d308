"""Everything this Cliniko does where nothing is known of the real one, in one place and easy to flip.

A clinic flips a choice in its clinic.toml under `[choices]`. What the reference does state is not here.

Choices that are not switches, because no client could be hurt by the other way:
- strings compare with their case; `!=` leaves out rows where the field is null, as SQL does;
- an instant to filter by needs its time and its zone, as in the examples;
- only fields that can be filtered can be sorted by, any other is a 400;
- a page or per_page that is no positive number is a 400;
- a record hidden from its list is a 404 on its own, unless `q[]` lifts what hides it;
- `/businesses/{id}/practitioners` and its like list all: records do not tell who works where;
- `practitioners/inactive` and `patient_cases/active` keep the plain list's key;
- an active case is one that is not archived and not closed;
- a window of the rate limit begins at a whole minute of the server's clock.
"""

from dataclasses import dataclass, fields
from typing import Any

from sandbox.errors import SandboxError

HTML_NOT_FOUND = "<!DOCTYPE html><html><head><title>Not found</title></head><body><h1>404</h1></body></html>"
HTML_BROKEN = "<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Back soon</h1></body></html>"
FORBIDDEN = "You are not permitted to see this."
RECORD_NOT_FOUND = "Record not found."
TOO_MANY_REQUESTS = "Too many requests."
DENIED = "HTTP Basic: Access denied."
BLOCKED = "Blocked: send a User-Agent with a contact email."


@dataclass(frozen=True)
class Choices:
    """One clinic's settings; each default is the harder case for a client."""

    archive_sets_deleted_at: bool = True
    """`POST .../archive` sets deleted_at too, at the same instant, where the resource has that field."""
    archive_keeps_updated_at: tuple[str, ...] = ("patients", "treatment_notes", "medical_alerts")
    """Resources whose updated_at does not move when they are archived or unarchived."""
    lifts_are_separate: bool = True
    """A filter on one hiding field lifts only that field's hiding; false: any of them lifts all."""
    active_filter_lifts: bool = False
    """`/practitioners?q[]=active:=false` finds inactive ones; false: only `/practitioners/inactive` does."""
    unstable_ties: bool = True
    """Rows that the sort leaves equal come in another order on each page; false: in one hidden order."""
    unauthorized_body: str = "text"
    """`text` as seen in 2017, or `json`."""
    user_agent_status: int = 403
    """For a User-Agent without a contact email."""
    wrong_shard_status: int = 401
    """For a key that does not belong to the shard it was used on."""
    retry_after: bool = False
    """Whether 429 has Retry-After beside X-RateLimit-Reset."""
    per_page_over_max: str = "reject"
    """per_page above 100: `reject` with 422, or `clamp` to 100."""
    page_beyond_end: str = "empty"
    """`empty`: an empty list with 200; or `not_found`."""
    unknown_parameters: str = "ignore"
    """Plain parameters nobody knows: `ignore`, or `reject` with 400."""
    unfilterable_message: str = "{field} is not filterable"
    """The other wording seen: `This column is not searchable.`"""


_ALLOWED = {
    "unauthorized_body": ("text", "json"),
    "per_page_over_max": ("reject", "clamp"),
    "page_beyond_end": ("empty", "not_found"),
    "unknown_parameters": ("ignore", "reject"),
}


def read_choices(values: dict[str, Any], where: str) -> Choices:
    """The clinic's own choices over the defaults; a misspelt one is an error, not a silent default."""
    types = {field.name: type(field.default) for field in fields(Choices)}
    for name, value in values.items():
        if name not in types:
            raise SandboxError(f"{where}: unknown choice {name!r}; known are {', '.join(types)}")
        expected = list if types[name] is tuple else types[name]
        if type(value) is not expected:
            raise SandboxError(f"{where}: choice {name} must be of type {expected.__name__}")
        if value not in _ALLOWED.get(name, (value,)):
            raise SandboxError(f"{where}: choice {name} must be one of {', '.join(_ALLOWED[name])}")
    own: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return Choices(**own)
