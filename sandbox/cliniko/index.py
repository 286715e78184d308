"""What can be searched, in DuckDB: a table a resource with its filterable fields and row numbers.

Values that are not of their field's type become null here; the record's text is served as it is.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import duckdb
import numpy as np
from numpy.typing import NDArray

from sandbox.cliniko.resources import LISTS, STORED, Kind, Resource
from sandbox.errors import SandboxError

Rows = NDArray[np.int64]
_SQL_TYPE: dict[Kind, str] = {
    "dt": "timestamp",
    "date": "date",
    "id": "bigint",
    "int": "bigint",
    "str": "varchar",
    "bool": "boolean",
    "arr": "varchar[]",
}


def _members(resource: Resource) -> list[str]:
    return sorted({member for name in resource.kept for member in resource.members(name)})


def _value(resource: Resource, name: str) -> str:
    """The SQL that reads one field from the text of its members."""
    kind = resource.kept[name]
    members = ", ".join(f'"{member}"' for member in resource.members(name))
    source = f"coalesce({members})" if "," in members else members
    if kind == "id" and name != "id":
        source = f"regexp_extract({source}, '/([0-9]+)\"', 1)"
    if kind == "arr":
        source = f"try_cast({source} as json)"
    return f"try_cast({source} as {_SQL_TYPE[kind]})"


def searchable(resource: Resource, record: dict[str, Any]) -> dict[str, str | None]:
    """The members that the index reads, each as text that any JSON parser takes."""
    return {member: _text(record.get(member)) for member in _members(resource)}


def _text(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


class Index:
    def __init__(self) -> None:
        # No extension is ever fetched from outside.
        self._db = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
        self._folder = TemporaryDirectory(prefix="sandbox-cliniko-")
        for name in STORED:
            columns = ", ".join(f"{field} {_SQL_TYPE[kind]}" for field, kind in LISTS[name].kept.items())
            self._db.execute(f'create table "{name}" (row bigint, {columns})')

    def load_file(self, name: str, path: Path, first_row: int) -> None:
        """Every line of a file in the order of its lines; a line that DuckDB cannot read gets no id."""
        self._read(name, path)
        self._insert(name, f"{first_row} + rowid")

    def put(self, name: str, documents: dict[int, dict[str, str | None]]) -> list[int]:
        """Records by row, as `searchable` gives them; returns the rows of those they replace."""
        path = Path(self._folder.name) / "incoming.jsonl"
        lines = (json.dumps({"row": row} | document) for row, document in documents.items())
        path.write_text("\n".join(lines))
        self._read(name, path)
        ids = "select try_cast(id as bigint) from incoming"
        former = self._db.execute(f'delete from "{name}" where id in ({ids}) returning row').fetchall()
        self._insert(name, "row::bigint")
        return [row for (row,) in former]

    def _read(self, name: str, path: Path) -> None:
        columns = ", ".join(f"'{member}': 'varchar'" for member in ["row", *_members(LISTS[name])])
        try:
            self._db.execute(
                "create or replace temp table incoming as select * from read_json(?, "
                f"format = 'newline_delimited', ignore_errors = true, columns = {{{columns}}})",
                [str(path)],
            )
        except duckdb.Error:
            # The parser's message can quote the record.
            raise SandboxError(f"{path}: cannot be read as one JSON record a line") from None

    def _insert(self, name: str, row: str) -> None:
        resource = LISTS[name]
        values = ", ".join(_value(resource, field) for field in resource.kept)
        columns = ", ".join(resource.kept)
        self._db.execute(
            f'insert into "{name}" (row, {columns}) select {row}, {values} from incoming order by rowid'
        )
        self._db.execute("drop table incoming")

    def rows_without_id(self, name: str) -> list[int]:
        return [
            row
            for (row,) in self._db.execute(
                f'select row from "{name}" where id is null order by row'
            ).fetchall()
        ]

    def drop_rows(self, name: str, rows: list[int]) -> None:
        self._db.execute(f'delete from "{name}" where row in (select unnest(?::bigint[]))', [rows])

    def count(self, name: str) -> int:
        return int(self._one(f'select count(*) from "{name}"') or 0)

    def duplicate_id(self, name: str) -> int | None:
        return self._one(f'select id from "{name}" group by id having count(*) > 1 order by id limit 1')

    def _one(self, sql: str) -> int | None:
        found = self._db.execute(sql).fetchone()
        return found[0] if found else None

    def delete(self, name: str, ids: list[int]) -> list[int]:
        """Removes records; returns the ids that were there."""
        sql = f'delete from "{name}" where id in (select unnest(?::bigint[])) returning id'
        return [found for (found,) in self._db.execute(sql, [ids]).fetchall()]

    def select(self, sql: str, values: list[Any] | None = None) -> dict[str, Rows]:
        """Columns of whole numbers."""
        return cast(dict[str, Rows], self._db.execute(sql, values or []).fetchnumpy())

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()
