"""From the row of a statement to an answer: is there data, how fresh is it, has the caller got it already?

Every data statement is the body's own, framed by `framed`: one round trip tells whether the organization is
known, active and loaded, how old its data is, and brings the body as JSON text that Postgres has made.
"""

import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import LiteralString

from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from serving.access.guard import Member
from serving.data import paging
from serving.data.cache import HORIZON, Question
from serving.data.database import Database, DatabaseError, Parameters
from serving.http.errors import Forbidden, NotLoaded, Unknown

CACHE_CONTROL = "private, no-cache"
VARY = "Authorization, Origin"


def instant(expression: LiteralString) -> LiteralString:
    """SQL: an instant as RFC 3339 in UTC, to the second."""
    return f"""to_char({expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def money(expression: LiteralString) -> LiteralString:
    """SQL: an exact amount as text, with two decimals or as many more as it has."""
    return f"round({expression}, greatest(2, min_scale({expression})))::text"


def framed(body: LiteralString) -> LiteralString:
    """A statement whose body may refer to `asked`: the organization, its zone, the clock, the data's age.

    The body filters by the parameter `organization_id`, not by `asked`: only so the planner sees whose rows.

    `body` is a select of one row: `body` (json) and `patient_ids` (text[] of everybody it names), and
    `next_key` (text[], where the next page begins) if it pages.
    """
    return f"""
with asked as materialized (
    select
        organizations.organization_id,
        organizations.time_zone,
        organizations.is_active,
        publications.data_as_of,
        app.as_of() as as_of,
        coalesce(current_setting('app.as_of', true), '') <> '' as is_frozen
    from app.organizations as organizations
    left join app.publications as publications
        on publications.organization_id = organizations.organization_id
    where organizations.organization_id = %(organization_id)s
)

select
    asked.is_active,
    {instant("asked.data_as_of")} as data_as_of,
    {instant("asked.as_of")} as as_of,
    asked.is_frozen,
    asked.data_as_of <= asked.as_of - interval '24 hours' as is_stale,
    answered.*
from asked
cross join lateral (
{body}
) as answered
"""


@dataclass(frozen=True)
class Answer:
    """A body as JSON text without its timestamp, and what its headers say."""

    body: str
    patient_ids: Sequence[str]
    data_as_of: str | None
    as_of: str
    is_stale: bool
    is_frozen: bool = False
    read_at: float = field(default_factory=time.monotonic, compare=False)

    @cached_property
    def _etag(self) -> str:
        return f'W/"{hashlib.blake2b(self.body.encode(), digest_size=16).hexdigest()}"'

    def etag(self) -> str:
        """Weak: the timestamp of an answer moves on though nothing else does."""
        return self._etag

    def timestamp(self) -> str:
        """The instant asked about: while an answer is kept it moves on, unless the clock stands still."""
        if self.is_frozen:
            return self.as_of
        passed = dt.timedelta(seconds=time.monotonic() - self.read_at)
        return (dt.datetime.fromisoformat(self.as_of) + passed).strftime("%Y-%m-%dT%H:%M:%SZ")

    def size(self) -> int:
        """Bytes of memory, near enough."""
        return sys.getsizeof(self.body) + sum(map(sys.getsizeof, self.patient_ids)) + 1000

    def is_known_to(self, request: Request) -> bool:
        """`*` stands for any answer, as RFC 9110 has it."""
        said = ",".join(request.headers.getlist("if-none-match"))
        return not {self.etag(), "*"}.isdisjoint(part.strip() for part in said.split(","))

    def response(self, request: Request, *, timestamp: bool = False) -> Response:
        """The answer, or 304 when the caller has it; `timestamp` adds the instant asked about."""
        headers = {
            "ETag": self.etag(),
            "Cache-Control": CACHE_CONTROL,
            "Vary": VARY,
            "X-Data-Stale": "true" if self.is_stale else "false",
        }
        if self.data_as_of is not None:
            headers["X-Data-As-Of"] = self.data_as_of
        if self.is_known_to(request):
            return Response(status_code=304, headers=headers)
        body = f'{self.body[:-1]}, "timestamp" : "{self.timestamp()}"}}' if timestamp else self.body
        return Response(body, media_type="application/json", headers=headers)


async def ask(
    database: Database,
    member: Member,
    statement: LiteralString,
    parameters: Parameters,
    *,
    pages_of: str | None = None,
    unknown: str | None = None,
) -> Answer:
    """A framed statement's answer for the caller's organization, kept while it holds.

    The parameters say all that the answer depends on; `pages_of` names the list that it pages; `unknown` is
    said when its body is null.

    Raises:
        Unknown: we do not know the organization, or what it was asked about.
        Forbidden: it is switched off.
        NotLoaded: none of its data was ever published.
    """
    organization_id = member.organization_id

    async def read() -> Answer:
        named = {**parameters, "organization_id": organization_id}
        row = loaded(await database.read(organization_id, statement, named))
        if row["body"] is None:
            raise Unknown(unknown)
        return Answer(
            body=with_next_cursor(row, pages_of) if pages_of else row["body"],
            patient_ids=row["patient_ids"],
            data_as_of=row["data_as_of"],
            as_of=row["as_of"],
            is_stale=row["is_stale"],
            is_frozen=row["is_frozen"],
        )

    question = Question.of(organization_id, statement, parameters)
    return await database.cache.answer(question, read, lambda: horizon_of(database, organization_id))


async def horizon_of(database: Database, organization_id: str) -> float | None:
    """Seconds until time alone changes an answer; None when that cannot be told."""
    try:
        row = await database.read(organization_id, HORIZON, {"organization_id": organization_id})
    except (NotLoaded, DatabaseError):
        return None
    return row["seconds"] if row else None


async def look(
    database: Database, member: Member, statement: LiteralString, parameters: Parameters
) -> Answer:
    """As `ask`, about how things run: also of an organization without any data, and never from a cache.

    Raises:
        Unknown: we do not know the organization.
        Forbidden: it is switched off.
    """
    named = {**parameters, "organization_id": member.organization_id}
    row = known(await database.read(member.organization_id, statement, named))
    return Answer(
        body=row["body"],
        patient_ids=(),
        data_as_of=row["data_as_of"],
        as_of=row["as_of"],
        is_stale=row["is_stale"] is not False,
    )


def with_next_cursor(row: DictRow, name: str) -> str:
    cursor = json.dumps(paging.encode(name, row["next_key"]) if row["next_key"] else None)
    return f'{row["body"][:-1]}, "next_cursor" : {cursor}}}'


def loaded(row: DictRow | None) -> DictRow:
    known_row = known(row)
    if known_row["data_as_of"] is None:
        raise NotLoaded
    return known_row


def known(row: DictRow | None) -> DictRow:
    if row is None:
        raise Unknown("We do not know this organization.")
    if not row["is_active"]:
        raise Forbidden
    return row
