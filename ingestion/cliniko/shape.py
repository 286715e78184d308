"""Whether a feed changed its shape: many records at once that cannot be taken as they were before.

A handful of bad records wait in quarantine. When half of what was read is odd in a new way, it is not the
records: nothing of that run may count, or at least nobody may take it for whole.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ingestion.cliniko.feeds import Feed
from ingestion.errors import SyncError
from ingestion.quarantine import QuarantinedRow

FEW = 3


@dataclass(frozen=True)
class Before:
    """How the feed was when it was read last."""

    reasons: frozenset[tuple[str | None, str]] = frozenset()
    """Field and reason of the records that are still refused."""
    lost_fields: frozenset[str] = frozenset()
    """Fields that most records could not fill."""


def check_refused(feed: Feed, refused: Collection[QuarantinedRow], read: int, before: Before) -> None:
    """Raises `shape_changed` when too many records are refused for reasons not seen at the last run."""
    new = [row for row in refused if (row.field, row.reason) not in before.reasons]
    if not _is_change(len(new), read):
        return
    (name, reason), count = Counter((row.field, row.reason) for row in new).most_common(1)[0]
    one = min((row.record_id for row in new if row.record_id and row.reason == reason), default=None)
    raise SyncError(
        "shape_changed",
        f"{feed.path}: {len(new)} of {read} records read are refused as never before, {count} of them for"
        f" {f'{name}: ' if name else ''}{reason}{f' (one is {one})' if one else ''}; look at it in Cliniko."
        " If Cliniko changed what it sends, routiq needs a newer version; until then the last data stay",
    )


def lost_fields(blanked: Iterable[QuarantinedRow], read: int, before: Before) -> dict[str, int]:
    """Fields that most of the records read cannot fill, with how many; a field once lost stays so until a run
    reads enough records that have it again."""
    counts = Counter(row.field for row in blanked if row.field)
    return {
        name: counts[name]
        for name in {*counts, *before.lost_fields}
        if _is_change(counts[name], read) or (name in before.lost_fields and _is_untold(counts[name], read))
    }


def _is_change(odd: int, read: int) -> bool:
    return odd >= FEW and 2 * odd >= read


def _is_untold(odd: int, read: int) -> bool:
    """Too few were read to say that it is over."""
    return 2 * odd >= read or read < FEW
