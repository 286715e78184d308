"""Small clinics for these tests: records in Cliniko's shape, folders, and a client that behaves well."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

HOST = "https://api.au2.cliniko.com/v1"
CREATED = "2026-02-03T01:12:44Z"
AGENT = "sandbox-tests (tests@example.com)"
Record = dict[str, Any]
_NO_TLS = ssl.SSLContext()  # plain HTTP here; reading the certificates would take 50 ms a client


def link(resource: str, record_id: int | str) -> Record:
    return {"links": {"self": f"{HOST}/{resource}/{record_id}"}}


def record(resource: str, record_id: int | str, **members: Any) -> Record:
    """A record with the members that every one has; the rest is the test's."""
    times = {"created_at": CREATED, "updated_at": CREATED}
    return {"id": str(record_id)} | times | members | link(resource, record_id)


def write_clinic(
    folder: Path, records: Mapping[str, list[Record]], *, toml: str = "", key: str | None = None
) -> Path:
    """A clinic folder; its key is `key-FOLDER-au2` unless told."""
    folder.mkdir(parents=True)
    name = folder.name
    head = f'name = "{name}"\napi_key = "{key or f"key-{name}-au2"}"\n'
    zone = 'time_zone = "Australia/Brisbane"\ncountry = "AU"\n'
    (folder / "clinic.toml").write_text(head + zone + toml)
    for resource, rows in records.items():
        (folder / f"{resource}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@contextmanager
def served(server: str, *folders: Path) -> Iterator[str]:
    """The running server with these clinics, as long as the block lasts."""
    for folder in folders:
        httpx.post(
            f"{server}/_sandbox/clinics", json={"path": str(folder)}, verify=_NO_TLS
        ).raise_for_status()
    try:
        yield server
    finally:
        for folder in folders:
            httpx.delete(f"{server}/_sandbox/clinics/{folder.name}", verify=_NO_TLS).raise_for_status()


class Api:
    """A clinic's API as a well-behaved client sees it, and its control plane."""

    def __init__(self, address: str, clinic: str) -> None:
        self.address = address
        self.clinic = clinic
        self.control = httpx.Client(base_url=f"{address}/_sandbox/clinics/{clinic}", verify=_NO_TLS)
        self.client = httpx.Client(
            base_url=f"{address}/v1",
            auth=(f"key-{clinic}-au2", ""),
            headers={"User-Agent": AGENT},
            verify=_NO_TLS,
        )

    def get(self, path: str, *filters: str, **parameters: str | int) -> httpx.Response:
        pairs = [("q[]", text) for text in filters]
        pairs += [(name, str(value)) for name, value in parameters.items()]
        return self.client.get(f"{path}?{urlencode(pairs)}")

    def page(self, path: str, *filters: str, **parameters: str | int) -> Record:
        answer = self.get(path, *filters, **parameters)
        assert answer.status_code == 200, answer.text
        found: Record = answer.json()
        return found

    def ids(self, path: str, *filters: str, **parameters: str | int) -> list[str]:
        """The ids of one page, which must be all there is."""
        defaults: dict[str, str | int] = {"sort": "id", "per_page": 100}
        found = self.page(path, *filters, **defaults | parameters)
        rows = next(value for value in found.values() if isinstance(value, list))
        assert found["total_entries"] == len(rows)
        return [row["id"] for row in rows]

    def put(self, **records: list[Record]) -> None:
        assert self.control.post("/records", json=records).status_code == 204

    def fault(self, kind: str, **members: Any) -> None:
        answer = self.control.post("/faults", json={"kind": kind} | members)
        assert answer.status_code == 204, answer.text

    def close(self) -> None:
        self.control.delete("/faults")
        self.control.close()
        self.client.close()
