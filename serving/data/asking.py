"""Asking for one organization: is there data, was it asked before, and what does the row say?"""

import json
from typing import LiteralString

from psycopg.rows import DictRow

from serving.access.caller import Member
from serving.data import paging
from serving.data.answer import Answer
from serving.data.cache import Question
from serving.data.database import Database, Parameters
from serving.data.horizon import horizon_of
from serving.http.errors import Forbidden, NotLoaded, Unknown


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
