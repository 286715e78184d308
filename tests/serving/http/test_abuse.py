"""Every route, sent what nobody should send: an answer or a 4xx in the one body, never a 5xx."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.serving.checks import problem
from tests.serving.conftest import OPERATOR, Api
from tests.serving.routes import ROUTES, fill

NAMES = ["%00", "%ED%A0%80", "%FF", "..%2F..", "'%3B--", "9" * 400, "x" * 5000, "%25s", "%7B%7D"]
QUERIES = [
    "x=%00",
    "%00=1",
    "x=%ED%A0%80",
    "x[]=1&x[$gt]=",
    "limit=" + "9" * 5000,
    "limit=1e400",
    "limit=NaN",
    "cursor=%00&cursor=%FF",
    "&".join(f"p{number}=1" for number in range(1500)),
]
BODIES = {
    "NUL": b"\0",
    "not UTF-8": b'{"patient_id": "\xff\xfe"}',
    "NUL in text": b'{"patient_id": "\\u0000", "method": "sms", "outcome": "\\u0000"}',
    "lone surrogate": b'{"patient_id": "1", "method": "sms", "outcome": "\\ud800", "notes": "\\udfff"}',
    "NUL in notes": b'{"patient_id": "101", "method": "sms", "outcome": "success", "notes": "\\u0000"}',
    "surrogate in notes": b'{"patient_id": "101", "method": "sms", "outcome": "success", "notes": "\\ud800"}',
    "surrogate as a name": b'{"\\ud800": 1}',
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "huge number": b'{"patient_id": ' + b"9" * 50_000 + b"}",
    "huge exponent": b'{"patient_id": 1e999999, "method": NaN, "outcome": -Infinity}',
    "unknown enums": b'{"patient_id": "1", "method": "telegraph", "outcome": "perhaps"}',
    "names twice": b'{"method": "sms", "method": "telegraph", "method": ["sms"]}',
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "cut off": b'{"patient_id": "1',
}
HEADERS = [
    {"Content-Type": "application/xml"},
    {"Idempotency-Key": "x" * 5000},
    {"Idempotency-Key": "\x80\xff"},
    {"If-None-Match": '"' * 3000},
    {"X-Request-Id": "x" * 5000},
    {"X-Organization-Id": "\xff"},
    {"Authorization": "Bearer " + "." * 9000},
    {"Authorization": "Bearer \xff\x80.e30.e30"},
    {"Cookie": "__session=" + "\xff" * 100},
]

every_route = pytest.mark.parametrize(
    ("method", "path", "takes_body"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES]
)


def callers(api: Api) -> Iterator[dict[str, str]]:
    """A clinic's admin and an operator: some routes take only the one or the other."""
    yield api.clerk.bearer("org_a", role="admin")
    yield api.clerk.bearer("org_a", role="admin", subject=OPERATOR)


def is_withstood(answer: httpx.Response) -> None:
    """Either an answer, or a refusal in the one body that tells nothing of how it is made."""
    told = (answer.request.method, str(answer.request.url)[:200], answer.text[:300])
    assert answer.status_code < 500, told
    if answer.status_code >= 400:
        problem(answer, answer.status_code)
        assert not re.search(r"Traceback|psycopg|select |\.py", answer.text), told


def test_the_walk_knows_every_route() -> None:
    assert len(ROUTES) >= 16
    assert any(takes_body for *_, takes_body in ROUTES)


@every_route
def test_odd_names_and_queries(clinic_api: Api, method: str, path: str, takes_body: bool) -> None:
    for headers in callers(clinic_api):
        sent: dict[str, str] | None = {} if takes_body else None
        for name in NAMES if "{" in path else []:
            is_withstood(clinic_api.client.request(method, fill(path, name), headers=headers, json=sent))
        for query in QUERIES:
            is_withstood(
                clinic_api.client.request(method, f"{fill(path)}?{query}", headers=headers, json=sent)
            )


@every_route
def test_odd_bodies(clinic_api: Api, method: str, path: str, takes_body: bool) -> None:
    for caller in callers(clinic_api):
        headers = caller | {"Content-Type": "application/json"}
        for name, body in BODIES.items():
            answer = clinic_api.client.request(method, fill(path), headers=headers, content=body)
            is_withstood(answer)
            if takes_body:
                assert 400 <= answer.status_code < 500, name
        answer = clinic_api.client.request(method, fill(path), headers=headers, content=b"x" * 10_000_000)
        problem(answer, 413)


@every_route
def test_odd_headers(clinic_api: Api, method: str, path: str, takes_body: bool) -> None:
    as_json = {"Content-Type": "application/json"} if takes_body else {}
    for headers in callers(clinic_api):
        for odd in HEADERS:
            given = headers | as_json | odd
            sent = {name.encode(): value.encode("latin-1") for name, value in given.items()}
            content = b"{}" if takes_body else None
            is_withstood(clinic_api.client.request(method, fill(path), headers=sent, content=content))


@every_route
def test_methods_it_does_not_take(clinic_api: Api, method: str, path: str, takes_body: bool) -> None:
    del takes_body
    headers = clinic_api.clerk.bearer("org_a", role="admin")
    for other in {"PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "GET", "POST"} - {method}:
        problem(clinic_api.client.request(other, fill(path), headers=headers), 405)
