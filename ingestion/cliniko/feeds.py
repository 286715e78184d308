"""The table of feeds, as data: name, path, hiding fields, columns kept. Adding a feed is adding a row.

A feed's name is Cliniko's path, the dlt resource and the raw table. What is not listed here never lands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "id", "link", "instant", "date", "integer", "boolean", "decimal", "json", "phones"]

KINDS = frozenset(Kind.__args__)  # type: ignore[attr-defined]
HIDING_FIELDS = frozenset({"archived_at", "deleted_at", "cancelled_at"})
STATES = HIDING_FIELDS | {"merged_at", "merged_with_patient_id", "did_not_arrive", "starts_at"}
"""Whether a record counts, and when. A record that hides one of these may not pass for one that has none."""


@dataclass(frozen=True)
class Column:
    """One kept column. A `link` column `x_id` is the id at the end of the relation link `x`."""

    name: str
    kind: Kind
    is_required: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.name}: unknown kind {self.kind}")
        if self.kind == "link" and not self.name.endswith("_id"):
            raise ValueError(f"column {self.name}: a link becomes an id, so its name ends in _id")

    @property
    def source_name(self) -> str:
        """The field of Cliniko's record."""
        return self.name.removesuffix("_id") if self.kind == "link" else self.name


@dataclass(frozen=True)
class Feed:
    """One list of Cliniko. `hiding` are the fields that can be filtered and hide rows until lifted, `whose`
    the links that say whose a record is."""

    name: str
    kept: tuple[Column, ...]
    hiding: tuple[str, ...] = ()
    whose: tuple[str, ...] = ()
    is_optional: bool = False
    is_list: bool = True
    has_stamps: bool = True
    more_paths: tuple[str, ...] = ()
    """Further lists of the same records. Such a feed is small and read whole at each sync."""
    path: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", self.path or f"/{self.name}")
        names = [column.name for column in self.columns]
        unknown = {*self.hiding, *self.whose} - set(names)
        if unknown or set(self.hiding) - HIDING_FIELDS or len(names) != len(set(names)):
            raise ValueError(f"feed {self.name}: fields {unknown} are not kept, or a column twice")

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column that comes from Cliniko's record, in the order of the raw table."""
        stamps = (
            Column("created_at", "instant", is_required=self.has_stamps),
            Column("updated_at", "instant", is_required=self.has_stamps),
        )
        return (Column("id", "id", is_required=True), *stamps, *self.kept)

    def decides(self, column: Column) -> bool:
        """Whether a record is unusable when this field does not fit; any other field is blanked then."""
        return column.is_required or column.name in STATES or column.name in self.whose

    @property
    def is_incremental(self) -> bool:
        return self.is_list and not self.more_paths


def _columns(required: tuple[str, ...] = (), /, **kinds: Kind) -> tuple[Column, ...]:
    return tuple(Column(name, kind, is_required=name in required) for name, kind in kinds.items())


FEEDS: tuple[Feed, ...] = (
    Feed(
        "patients",
        _columns(
            first_name="text",
            last_name="text",
            email="text",
            patient_phone_numbers="phones",
            archived_at="instant",
            deleted_at="instant",
            merged_at="instant",
            merged_with_patient_id="link",
        ),
        hiding=("archived_at",),
    ),
    Feed(
        "individual_appointments",
        _columns(
            ("starts_at",),
            starts_at="instant",
            ends_at="instant",
            cancelled_at="instant",
            cancellation_reason="integer",
            did_not_arrive="boolean",
            patient_arrived="boolean",
            archived_at="instant",
            deleted_at="instant",
            patient_id="link",
            practitioner_id="link",
            appointment_type_id="link",
            business_id="link",
            patient_case_id="link",
        ),
        hiding=("archived_at", "deleted_at", "cancelled_at"),
        whose=("patient_id",),
    ),
    Feed(
        "group_appointments",
        _columns(
            ("starts_at",),
            starts_at="instant",
            ends_at="instant",
            max_attendees="integer",
            archived_at="instant",
            deleted_at="instant",
            practitioner_id="link",
            appointment_type_id="link",
            business_id="link",
        ),
        hiding=("archived_at", "deleted_at"),
    ),
    Feed(
        "attendees",
        _columns(
            arrived="boolean",
            cancelled_at="instant",
            cancellation_reason="integer",
            archived_at="instant",
            deleted_at="instant",
            booking_id="link",
            patient_id="link",
            patient_case_id="link",
        ),
        hiding=("archived_at", "deleted_at", "cancelled_at"),
        whose=("booking_id", "patient_id"),
    ),
    Feed(
        "appointment_types",
        _columns(
            name="text",
            category="text",
            duration_in_minutes="integer",
            max_attendees="integer",
            archived_at="instant",
        ),
        hiding=("archived_at",),
    ),
    Feed(
        "practitioners",
        _columns(
            display_name="text",
            first_name="text",
            last_name="text",
            designation="text",
            active="boolean",
        ),
        more_paths=("/practitioners/inactive",),
    ),
    Feed(
        "businesses",
        _columns(
            business_name="text",
            display_name="text",
            country_code="text",
            time_zone_identifier="text",
            archived_at="instant",
            deleted_at="instant",
        ),
        hiding=("archived_at", "deleted_at"),
    ),
    Feed(
        "invoices",
        _columns(
            number="integer",
            issue_date="date",
            status="integer",
            net_amount="decimal",
            tax_amount="decimal",
            total_amount="decimal",
            closed_at="instant",
            archived_at="instant",
            deleted_at="instant",
            patient_id="link",
            practitioner_id="link",
            business_id="link",
            attendee_id="link",
            appointment_id="link",
            original_invoice_id="link",
        ),
        hiding=("archived_at", "deleted_at"),
        whose=("patient_id",),
        is_optional=True,
    ),
    Feed(
        "treatment_notes",
        _columns(
            title="text",
            content="json",
            draft="boolean",
            finalized_at="instant",
            archived_at="instant",
            deleted_at="instant",
            patient_id="link",
            practitioner_id="link",
            booking_id="link",
            attendee_id="link",
        ),
        hiding=("archived_at", "deleted_at"),
        whose=("patient_id",),
        is_optional=True,
    ),
    Feed(
        "communications",
        _columns(
            type_code="integer",
            category_code="integer",
            direction_code="integer",
            archived_at="instant",
            patient_id="link",
            booking_id="link",
            attendee_id="link",
        ),
        hiding=("archived_at",),
        whose=("patient_id",),
        is_optional=True,
    ),
    Feed(
        "patient_cases",
        _columns(
            issue_date="date",
            expiry_date="date",
            closed_at="instant",
            max_sessions="integer",
            archived_at="instant",
            patient_id="link",
        ),
        hiding=("archived_at",),
        whose=("patient_id",),
        is_optional=True,
    ),
    Feed(
        "settings",
        _columns(name="text", country_code="text", currency_symbol="text"),
        path="/settings/public",
        is_list=False,
        has_stamps=False,
    ),
)
BY_NAME: Mapping[str, Feed] = {feed.name: feed for feed in FEEDS}
