"""The audit log as its owner reads it: is every chain whole, and who has seen a patient?

Each row holds the hash of the row before it and of what itself says. Verifying computes that anew, here and
not in the database, from the rows alone.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from warehouse.settings import Settings

MOST_FINDINGS = 100
# As the trigger of migration `audit_chain` says it.
ROWS = """
select
    organization_id, position, id, at, hash,
    jsonb_build_array(
        organization_id, position, id, extract(epoch from at), actor, session_id,
        role, action, route, to_jsonb(patient_ids), query, outcome, request_id
    )::text as content
from app.audit_log
where %(organization_id)s::text is null or organization_id = %(organization_id)s
order by organization_id, position
"""
HEADS = """
select organization_id, position, hash
from app.audit_heads
where %(organization_id)s::text is null or organization_id = %(organization_id)s
order by organization_id
"""
VIEWS = """
with persons as (
    select organization_id, array[%(patient_id)s::text] || array(
        {merged}
    ) as patient_ids
    from app.organizations as organizations
    where %(organization_id)s::text is null or organization_id = %(organization_id)s
)

select
    views.organization_id, views.at, views.actor, views.session_id, views.role, views.action, views.route,
    views.query, views.outcome, views.request_id,
    array(
        select seen from unnest(views.patient_ids) as seen where seen = any(persons.patient_ids)
    ) as patient_ids
from persons
inner join app.audit_log as views
    on views.organization_id = persons.organization_id and views.patient_ids && persons.patient_ids
where
    (%(since)s::timestamptz is null or views.at >= %(since)s)
    and (%(until)s::timestamptz is null or views.at < %(until)s)
order by views.at, views.organization_id, views.position
"""
MERGED: LiteralString = """
        select relatives.patient_id
        from marts.dim_patients as asked
        inner join marts.dim_patients as relatives
            on
                relatives.organization_id = asked.organization_id
                and relatives.survivor_patient_id = asked.survivor_patient_id
        where asked.organization_id = organizations.organization_id and asked.patient_id = %(patient_id)s
"""


@dataclass(frozen=True)
class Head:
    """Where a chain ends."""

    position: int
    hash: str


@dataclass
class Chain:
    """One organization's rows, and what is wrong with them."""

    organization_id: str
    rows: int = 0
    head: Head = Head(0, "")
    findings: list[str] = field(default_factory=list)

    def report(self, finding: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


def verify(
    settings: Settings, organization_id: str | None = None, noted: Mapping[str, Head] | None = None
) -> list[Chain]:
    """Every chain in one snapshot; `noted` are ends written down earlier, which must still be in theirs."""
    named = {"organization_id": organization_id}
    with psycopg.connect(settings.url("owner"), row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        heads = {row["organization_id"]: row for row in connection.execute(HEADS, named)}
        chains = {name: Chain(name) for name in heads}
        with connection.cursor(name="audit") as cursor:
            cursor.itersize = 2_000
            for name, rows in by_organization(cursor.execute(ROWS, named)):
                chain = chains.setdefault(name, Chain(name))
                follow(chain, rows, (noted or {}).get(name))
        for name, chain in chains.items():
            compare_head(chain, heads.get(name))
    return sorted(chains.values(), key=lambda chain: chain.organization_id)


def by_organization(rows: Any) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    yield from groupby(rows, key=lambda row: row["organization_id"])


def follow(chain: Chain, rows: Iterator[dict[str, Any]], noted: Head | None) -> None:
    """Walk a chain from its first row, and report each row that does not follow from the one before."""
    before, expected = b"", 1
    for row in rows:
        position, name = (
            row["position"],
            f"row {row['position']} ({row['id']}, {row['at']:%Y-%m-%d %H:%M:%S})",
        )
        if position > expected:
            chain.report(f"missing: {span(expected, position - 1)}, before {name}")
        elif position < expected:
            chain.report(f"doubled: {name}")
        elif hashlib.sha256(before + row["content"].encode()).digest() != row["hash"]:
            chain.report(f"changed, or not the row that was here: {name}")
        if noted and position == noted.position and row["hash"].hex() != noted.hash:
            chain.report(f"not the row that was noted here: {name}")
        before, expected = row["hash"], position + 1
        chain.rows += 1
    chain.head = Head(expected - 1, before.hex())
    if noted and noted.position > chain.head.position:
        chain.report(f"missing: {span(chain.head.position + 1, noted.position)}, the last of which was noted")


def compare_head(chain: Chain, head: Mapping[str, Any] | None) -> None:
    said = Head(head["position"], head["hash"].hex()) if head else Head(0, "")
    if said.position > chain.head.position:
        chain.report(f"missing: {span(chain.head.position + 1, said.position)}, at the end")
    elif said != chain.head:
        chain.report(f"the chain ends at row {chain.head.position}, its head says row {said.position}")


def span(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first}-{last}"


def who_saw(
    settings: Settings,
    patient_id: str,
    organization_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Sequence[dict[str, Any]]:
    """Every row that names the patient, or one merged with it, oldest first; `until` is exclusive."""
    named = {
        "patient_id": patient_id,
        "organization_id": organization_id,
        "since": since,
        "until": until,
    }
    with psycopg.connect(settings.url("owner"), row_factory=dict_row) as connection:
        known = connection.execute("select to_regclass('marts.dim_patients') is not null as built").fetchone()
        merged = MERGED if known and known["built"] else "select null::text where false"
        return connection.execute(sql.SQL(VIEWS).format(merged=sql.SQL(merged)), named).fetchall()


def is_known(settings: Settings, patient_id: str, organization_id: str | None = None) -> bool:
    """Whether a patient of that id was ever read, or shown to anybody at any time."""
    with psycopg.connect(settings.url("owner")) as connection:
        row = connection.execute(
            """
            select exists (
                select from raw_cliniko.patients
                where id = %(patient_id)s
                    and (%(organization_id)s::text is null or organization_id = %(organization_id)s)
            ) or exists (
                select from app.audit_log
                where patient_ids @> array[%(patient_id)s::text]
                    and (%(organization_id)s::text is null or organization_id = %(organization_id)s)
            )
            """,
            {"patient_id": patient_id, "organization_id": organization_id},
        ).fetchone()
    return bool(row and row[0])
