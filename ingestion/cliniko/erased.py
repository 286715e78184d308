"""Who was erased on request does not land again: neither the person nor what was written about them.

Visits, invoices and the like do land: they count, and hold nothing but ids, instants and amounts.
"""

from collections.abc import Container
from dataclasses import replace
from typing import Any

from ingestion.cliniko.feeds import Feed
from ingestion.cliniko.paging import Page
from ingestion.cliniko.rows import BadValue, link

TEXTS = {"text", "json", "phones"}


def without_erased(page: Page, feed: Feed, erased: Container[str]) -> Page:
    """The page without records that would bring an erased patient back."""
    if not is_personal(feed):
        return page
    kept = [record for record in page.records if _patient_of(record, feed) not in erased]
    return replace(page, records=kept)


def is_personal(feed: Feed) -> bool:
    """Whether its records are a patient, or say something about one in words."""
    if feed.name == "patients":
        return True
    return any(column.name == "patient_id" for column in feed.kept) and any(
        column.kind in TEXTS for column in feed.kept
    )


def _patient_of(record: Any, feed: Feed) -> str:
    """No id where it cannot be read: then the row's own check refuses the record or blanks the field."""
    if not isinstance(record, dict):
        return ""
    if feed.name == "patients":
        return str(record.get("id"))
    try:
        return link(record.get("patient")) or ""
    except BadValue:
        return ""
