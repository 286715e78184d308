"""The audit chain: appended by the API's role, changed by nobody, and whoever does is found out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.warehouse.appending import append
from warehouse.audit import Chain, Head, verify, who_saw
from warehouse.settings import Settings


@pytest.fixture
def recorded(warehouse: Settings) -> Settings:
    """Nine rows of org_a and two of org_b."""
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute(
            "insert into app.organizations (organization_id, name) values ('org_a', 'A'), ('org_b', 'B')"
        )
    append(warehouse, "org_a", *([str(number), "7"] for number in range(9)))
    append(warehouse, "org_b", ["7"], ["8"])
    return warehouse


def chain_of(warehouse: Settings, noted: dict[str, Head] | None = None) -> Chain:
    (chain,) = verify(warehouse, "org_a", noted)
    return chain


def tamper(warehouse: Settings, *statements: str) -> None:
    """As the owner, who first takes the triggers away and then puts them back."""
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute("alter table app.audit_log disable trigger user")
        for statement in statements:
            connection.execute(statement)
        connection.execute("alter table app.audit_log enable trigger user")


def test_what_was_appended_is_whole(recorded: Settings) -> None:
    chains = verify(recorded)
    assert [(chain.organization_id, chain.rows, chain.findings) for chain in chains] == [
        ("org_a", 9, []),
        ("org_b", 2, []),
    ]
    assert chains[0].head != chains[1].head


TAMPERING: dict[str, tuple[list[str], list[str]]] = {
    "an id": (
        [
            "update app.audit_log set patient_ids = '{99}' where organization_id = 'org_a' and position = 4",
        ],
        ["changed, or not the row that was here: row 4"],
    ),
    "an actor": (
        ["update app.audit_log set actor = 'user_x' where organization_id = 'org_a' and position = 9"],
        ["changed, or not the row that was here: row 9"],
    ),
    "a microsecond": (
        [
            (
                "update app.audit_log set at = at + interval '1 microsecond'"
                " where organization_id = 'org_a' and position = 1"
            ),
        ],
        ["changed, or not the row that was here: row 1"],
    ),
    "a detail of the query": (
        ["update app.audit_log set query = '{}' where organization_id = 'org_a' and position = 4"],
        ["changed, or not the row that was here: row 4"],
    ),
    "one removed": (
        ["delete from app.audit_log where organization_id = 'org_a' and position = 4"],
        ["missing: row 4, before row 5"],
    ),
    "the first removed": (
        ["delete from app.audit_log where organization_id = 'org_a' and position < 3"],
        ["missing: rows 1-2, before row 3"],
    ),
    "the last removed": (
        ["delete from app.audit_log where organization_id = 'org_a' and position = 9"],
        ["missing: row 9, at the end"],
    ),
    "two in each other's place": (
        [
            (
                "update app.audit_log set position = case position when 4 then -6 else -4 end"
                " where organization_id = 'org_a' and position in (4, 6)"
            ),
            "update app.audit_log set position = -position where position < 0",
        ],
        [
            "changed, or not the row that was here: row 4",
            "changed, or not the row that was here: row 5",
            "changed, or not the row that was here: row 6",
            "changed, or not the row that was here: row 7",
        ],
    ),
    "one put in at the end": (
        [
            (
                "insert into app.audit_log select (jsonb_populate_record(said, jsonb_build_object("
                " 'id', gen_random_uuid(), 'position', 10))).* from app.audit_log as said"
                " where organization_id = 'org_a' and position = 4"
            ),
        ],
        ["changed, or not the row that was here: row 10", "the chain ends at row 10, its head says row 9"],
    ),
    "one moved to another organization": (
        [
            (
                "update app.audit_log set organization_id = 'org_b', position = 3"
                " where organization_id = 'org_a' and position = 4"
            ),
        ],
        ["missing: row 4, before row 5"],
    ),
    "all removed": (
        ["delete from app.audit_log where organization_id = 'org_a'"],
        ["missing: rows 1-9, at the end"],
    ),
}


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_by_the_owner_is_named(recorded: Settings, kind: str) -> None:
    statements, findings = TAMPERING[kind]
    tamper(recorded, *statements)
    found = chain_of(recorded).findings
    assert len(found) == len(findings)
    assert all(said.startswith(begin) for said, begin in zip(found, findings, strict=True)), found


def test_a_chain_forged_as_a_whole_is_found_out_by_its_noted_head(recorded: Settings) -> None:
    """Whoever owns the database can write a chain anew; an end noted elsewhere tells."""
    noted = {"org_a": chain_of(recorded).head}
    append(recorded, "org_a", ["1"])
    assert chain_of(recorded, noted).findings == []
    tamper(
        recorded,
        "delete from app.audit_log where organization_id = 'org_a'",
        "delete from app.audit_heads where organization_id = 'org_a'",
    )
    append(recorded, "org_a", *([str(number)] for number in range(10)))
    assert chain_of(recorded).findings == []
    assert [found[:37] for found in chain_of(recorded, noted).findings] == [
        "not the row that was noted here: row "
    ]
    noted = {"org_a": Head(12, "")}
    assert chain_of(recorded, noted).findings == ["missing: rows 11-12, the last of which was noted"]


@pytest.mark.parametrize("role", ["owner", "api", "admin"])
@pytest.mark.parametrize(
    "statement",
    [
        "update app.audit_log set actor = 'x'",
        "delete from app.audit_log",
        "truncate app.audit_log",
        "delete from app.audit_log where false",
    ],
)
def test_nobody_changes_a_row(recorded: Settings, role: Any, statement: str) -> None:
    with psycopg.connect(recorded.url(role)) as connection:
        connection.execute("set transaction read write")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("relation", ["audit_log", "audit_heads"])
def test_the_api_reads_neither_rows_nor_heads(recorded: Settings, relation: str) -> None:
    with (
        psycopg.connect(recorded.url("api")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(sql.SQL("select from app.{}").format(sql.Identifier(relation)))


def test_the_appender_says_neither_when_nor_where(recorded: Settings) -> None:
    with psycopg.connect(recorded.url("owner")) as connection:
        row = connection.execute(
            "insert into app.audit_log"
            " (organization_id, at, actor, role, action, route, outcome, request_id, position, hash)"
            " values ('org_a', '2020-01-01', 'x', 'member', 'read', '/', 'shown', 'r', 2, '')"
            " returning position, at > now() - interval '1 minute', length(hash)"
        ).fetchone()
    assert row == (10, True, 32)
    assert chain_of(recorded).findings == []


def test_sessions_that_append_at_once_make_one_chain(warehouse: Settings) -> None:
    with psycopg.connect(warehouse.url("owner")) as connection:
        connection.execute("insert into app.organizations (organization_id, name) values ('org_a', 'A')")
    with ThreadPoolExecutor(8) as pool:
        append_all: Callable[[int], None] = lambda _: append(warehouse, "org_a", *([["1"]] * 25))  # noqa: E731
        list(pool.map(append_all, range(8)))
    chain = chain_of(warehouse)
    assert (chain.rows, chain.findings) == (200, [])


def test_a_row_costs_no_more_than_the_one_before(warehouse: Settings) -> None:
    """Also where the first was planned for a table known to be empty."""
    with psycopg.connect(warehouse.url("owner"), autocommit=True) as connection:
        connection.execute("insert into app.organizations (organization_id, name) values ('org_a', 'A')")
        connection.execute("vacuum (analyze) app.audit_log")
    append(warehouse, "org_a", *(["7"] for _ in range(200)))
    with psycopg.connect(warehouse.url("owner")) as connection:
        read = connection.execute(
            "select seq_tup_read + idx_tup_fetch from pg_stat_user_tables where relname = 'audit_log'"
        ).fetchone()
    assert read is not None
    assert read[0] < 200


def test_who_saw_follows_merges_and_stays_in_the_clinic(recorded: Settings) -> None:
    with psycopg.connect(recorded.url("owner")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_patients"
            " (organization_id text, patient_id text, survivor_patient_id text)"
        )
        connection.execute("insert into marts.dim_patients values ('org_a', '3', '5'), ('org_a', '5', '5')")
    seen = who_saw(recorded, "3")
    assert [(view["organization_id"], view["actor"], view["patient_ids"]) for view in seen] == [
        ("org_a", "user_3", ["3"]),
        ("org_a", "user_5", ["5"]),
    ]
    assert [view["organization_id"] for view in who_saw(recorded, "7")] == ["org_a"] * 9 + ["org_b"]
    assert len(who_saw(recorded, "7", "org_b")) == 1
    assert who_saw(recorded, "70") == []


def test_who_saw_within_a_time_and_before_anything_is_built(recorded: Settings) -> None:
    views = who_saw(recorded, "7", "org_a")
    moments = [view["at"] for view in views]
    assert [view["at"] for view in who_saw(recorded, "7", "org_a", moments[2], moments[5])] == moments[2:5]
