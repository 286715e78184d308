"""All records of one clinic: loaded from its folder, found by the index, changed while it is served.

All of it runs on the server's one thread, so a change is wholly before a page or wholly after it.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.cliniko.index import Index, searchable
from sandbox.cliniko.records import Records
from sandbox.cliniko.resources import LISTS, STORED
from sandbox.errors import SandboxError

Record = dict[str, Any]
_CHILDREN = {
    "individual_appointments": ("attendees", "booking_id"),
    "invoices": ("invoice_items", "invoice_id"),
}


class Store:
    """`versions` counts the changes of each resource: an order made at one is stale at the next."""

    def __init__(self, folder: Path) -> None:
        self.versions: Counter[str] = Counter()
        self.index = Index()
        self.records = Records()
        self._broken: dict[str, list[Record]] = {}
        present = [name for name in STORED if (folder / f"{name}.jsonl").is_file()]
        for name in present:
            self._load(name, folder / f"{name}.jsonl")
        for name, found in self._broken.items():
            self.put(name, found)

    def _load(self, name: str, path: Path) -> None:
        first, count = self.records.add_file(name, path)
        if not count:
            return
        self.index.load_file(name, path, first)
        if missing := self.index.rows_without_id(name):
            self._broken[name] = [self._read_line(path, row, row - first) for row in missing]
            self.index.drop_rows(name, missing)
        elif self.index.count(name) != count:
            raise SandboxError(f"{path}: has {count} lines, but {self.index.count(name)} records were read")
        if (twice := self.index.duplicate_id(name)) is not None:
            raise SandboxError(f"{path}: two records have the id {twice}")

    def _read_line(self, path: Path, row: int, position: int) -> Record:
        """A line that DuckDB refuses: Python may read it (a lone surrogate, say), else it is an error."""
        where = f"{path}, record {position + 1} (line {_line_number(path, position)})"
        try:
            record = json.loads(self.records.text(row))
        except ValueError:
            raise SandboxError(f"{where}: is not valid JSON") from None
        if not isinstance(record, dict):
            raise SandboxError(f"{where}: is not a JSON object")
        checked_id(record, where)
        return record

    def put(self, name: str, records: list[Record]) -> None:
        """Whole records, new or in the place of those with their ids; of two with one id the last counts."""
        by_id = {checked_id(record, name): record for record in records}
        if not by_id:
            return
        documents = {}
        for record in by_id.values():
            text = json.dumps(record, separators=(",", ":")).encode()
            documents[self.records.add(name, text)] = searchable(LISTS[name], record)
        self.records.forget(self.index.put(name, documents))
        self.versions[name] += 1

    def get(self, name: str, record_id: int) -> Record | None:
        found = self.index.select(f'select row from "{name}" where id = ?', [record_id])["row"]
        return json.loads(self.records.text(int(found[0]))) if len(found) else None

    def remove(self, name: str, record_id: int) -> bool:
        """Gone without trace; with a patient goes all that is the patient's."""
        if name == "patients":
            self._remove_belongings(record_id)
        return bool(self._delete(name, [record_id]))

    def _delete(self, name: str, ids: list[int]) -> list[int]:
        removed = self.index.delete(name, ids)
        if removed:
            self.versions[name] += 1
        return removed

    def _remove_belongings(self, patient_id: int) -> None:
        for name in STORED:
            if "patient_id" not in LISTS[name].kept:
                continue
            removed = self._delete(name, self._ids(name, "patient_id = ?", patient_id))
            if name == "individual_appointments":
                self._delete(
                    "attendees", self._ids("attendees", "booking_id in (select unnest(?::bigint[]))", removed)
                )
            if name == "invoices":
                items = self._ids("invoice_items", "invoice_id in (select unnest(?::bigint[]))", removed)
                self._delete("invoice_items", items)
        self._leave_groups(str(patient_id))

    def _leave_groups(self, patient_id: str) -> None:
        for group in self._ids("group_appointments", "list_contains(patient_ids, ?)", patient_id):
            record = self.get("group_appointments", group)
            assert record is not None  # noqa: S101 - its id was just found
            record["patient_ids"] = [each for each in record["patient_ids"] if str(each) != patient_id]
            self.put("group_appointments", [record])

    def _ids(self, name: str, condition: str, value: object) -> list[int]:
        found: list[int] = self.index.select(f'select id from "{name}" where {condition}', [value])[
            "id"
        ].tolist()
        return found

    def close(self) -> None:
        self.index.close()
        self.records.close()


def checked_id(record: object, where: str) -> int:
    """The id as a number; Cliniko's are 64-bit integers written as strings."""
    value = record.get("id") if isinstance(record, dict) else None
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdigit() or int(text) >= 2**63:
        raise SandboxError(f"{where}: a record needs an `id` that is a 64-bit integer")
    return int(text)


def _line_number(path: Path, position: int) -> int:
    """The line of the record at `position`, counting blank lines too, as an editor does."""
    with path.open("rb") as lines:
        numbers = (number for number, line in enumerate(lines, 1) if line.strip())
        return next(number for at, number in enumerate(numbers) if at == position)
