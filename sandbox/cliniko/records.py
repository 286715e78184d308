"""The text of every record of a clinic, by row number: lines in their files, changed records in memory.

Rows are never reused: a changed record gets a new one, and its former text is forgotten.
"""

import os
from array import array
from bisect import bisect_right
from pathlib import Path


class Records:
    """Files are read where they lie, a line at a time, so 580,000 records cost 16 bytes each."""

    def __init__(self) -> None:
        self._starts = array("Q")
        self._lengths = array("L")
        self._first_rows: list[int] = []
        self._files: list[tuple[str, int]] = []
        self._changed: list[tuple[str, bytes]] = []

    def add_file(self, resource: str, path: Path) -> tuple[int, int]:
        """The first row and the number of rows of a file of one record a line; blank lines are none."""
        first = len(self._starts)
        self._first_rows.append(first)
        self._files.append((resource, os.open(path, os.O_RDONLY)))
        position = 0
        with path.open("rb") as lines:
            for line in lines:
                if text := line.strip():
                    self._starts.append(position + line.index(text[:1]))
                    self._lengths.append(len(text))
                position += len(line)
        return first, len(self._starts) - first

    def add(self, resource: str, text: bytes) -> int:
        """The row of a record that is in no file. Only after all files are known."""
        self._changed.append((resource, text))
        return len(self._starts) + len(self._changed) - 1

    def forget(self, rows: list[int]) -> None:
        """Former versions: a clinic that lives for days would fill the memory with them."""
        for row in rows:
            if row >= len(self._starts):
                self._changed[row - len(self._starts)] = ("", b"")

    def text(self, row: int) -> bytes:
        if row >= len(self._starts):
            return self._changed[row - len(self._starts)][1]
        _, descriptor = self._files[bisect_right(self._first_rows, row) - 1]
        return os.pread(descriptor, self._lengths[row], self._starts[row])

    def resource(self, row: int) -> str:
        if row >= len(self._starts):
            return self._changed[row - len(self._starts)][0]
        return self._files[bisect_right(self._first_rows, row) - 1][0]

    def close(self) -> None:
        for _, descriptor in self._files:
            os.close(descriptor)
