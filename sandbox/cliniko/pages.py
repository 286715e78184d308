"""A list's answer before it is text, so that faults can bend it."""

import json
from dataclasses import dataclass

_COMPACT = (",", ":")


@dataclass
class Page:
    """`rows` are the numbers of the records whose texts the page holds."""

    key: str
    texts: list[bytes]
    rows: list[int]
    total: int
    links: dict[str, str]

    def body(self) -> bytes:
        tail = f'],"total_entries":{self.total},"links":{json.dumps(self.links, separators=_COMPACT)}}}'
        return b'{"%s":[' % self.key.encode() + b",".join(self.texts) + tail.encode()
