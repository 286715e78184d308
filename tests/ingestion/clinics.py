"""Hand-made clinics for the tests: a folder of JSON Lines, and the control plane of its server."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ingestion.cliniko.feeds import FEEDS
from ingestion.cliniko.vanished import COUNTED

Record = dict[str, Any]
PATIENCE = 60.0  # a busy machine is no fault
STAMP = "2026-02-03T01:12:44Z"
LISTS = [feed for feed in FEEDS if feed.is_list]
FIRST_REQUESTS = len({"settings", "account", "user"}) + sum(1 + len(feed.more_paths) for feed in LISTS)
"""Of a first sync of a clinic with no more than a page of anything."""
QUIET_REQUESTS = FIRST_REQUESTS + sum(len(feed.hiding) for feed in LISTS) + len(COUNTED)
"""Of a sync that finds nothing new: the hiding fields are asked for too, and the sizes of some lists."""


def make_clinic(
    folder: Path, resources: Mapping[str, Sequence[Record]] | None = None, extra: str = ""
) -> Path:
    """A clinic named like its folder; its key too."""
    folder.mkdir(parents=True)
    (folder / "clinic.toml").write_text(
        f'name = "{folder.name}"\napi_key = "{key_of(folder.name)}"\ntime_zone = "Australia/Sydney"\n'
        f'country = "AU"\n{extra}'
    )
    for name, records in (resources or {}).items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder


def key_of(clinic: str) -> str:
    return f"invented-{clinic}-au2"


def link(resource: str, record_id: str) -> Record:
    return {"links": {"self": f"https://api.au2.cliniko.com/v1/{resource}/{record_id}"}}


def patient(record_id: int, **fields: Any) -> Record:
    return {
        "id": str(record_id),
        "first_name": "Tess",
        "last_name": f"Invented {record_id}",
        "email": f"tess{record_id}@example.com",
        "patient_phone_numbers": [{"number": "0491 570 006", "phone_type": "Mobile"}],
        "medicare": "never to be kept",
        "archived_at": None,
        "deleted_at": None,
        "merged_at": None,
        "created_at": STAMP,
        "updated_at": STAMP,
        **fields,
    }


def appointment(record_id: int, patient_id: int, **fields: Any) -> Record:
    return {
        "id": str(record_id),
        "starts_at": "2026-03-01T01:00:00Z",
        "ends_at": "2026-03-01T01:30:00Z",
        "cancelled_at": None,
        "archived_at": None,
        "deleted_at": None,
        "did_not_arrive": False,
        "patient_arrived": True,
        "patient": link("patients", str(patient_id)),
        "created_at": STAMP,
        "updated_at": STAMP,
        **fields,
    }


@dataclass(frozen=True)
class Control:
    """The sandbox's control plane for one clinic."""

    address: str
    clinic: str

    def _url(self, rest: str) -> str:
        return f"{self.address}/_sandbox/clinics/{self.clinic}/{rest}"

    def put(self, **resources: Sequence[Record]) -> None:
        httpx.post(self._url("records"), json=resources, timeout=PATIENCE).raise_for_status()

    def change_account(self, **members: Any) -> None:
        """What Cliniko's settings say of the account from now on."""
        httpx.post(self._url("account"), json=members, timeout=PATIENCE).raise_for_status()

    def remove(self, resource: str, record_id: int | str) -> None:
        httpx.delete(self._url(f"records/{resource}/{record_id}"), timeout=PATIENCE).raise_for_status()

    def fault(self, kind: str, **options: Any) -> None:
        httpx.post(self._url("faults"), json={"kind": kind, **options}, timeout=PATIENCE).raise_for_status()

    def heal(self) -> None:
        httpx.delete(self._url("faults"), timeout=PATIENCE).raise_for_status()

    def requests(self) -> dict[str, Any]:
        """What was asked since the last call."""
        report: dict[str, Any] = httpx.get(self._url("requests"), timeout=PATIENCE).raise_for_status().json()
        httpx.delete(self._url("requests"), timeout=PATIENCE).raise_for_status()
        return report

    def now(self) -> str:
        text: str = httpx.get(self._url("now"), timeout=PATIENCE).raise_for_status().json()["now"]
        return text


def invoice(record_id: int, **fields: Any) -> Record:
    return {
        "id": str(record_id),
        "number": record_id,
        "total_amount": "80.0",
        "patient": link("patients", "1"),
        "archived_at": None,
        "deleted_at": None,
        "created_at": STAMP,
        "updated_at": STAMP,
        **fields,
    }
