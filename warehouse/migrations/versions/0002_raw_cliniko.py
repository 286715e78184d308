"""Schema `raw_cliniko`: an append-only log, one row per record as Cliniko showed it, one table a feed.

Read by the build (owner), written by the loader; the API has no way in. Only listed columns land.
`seen_at` is the instant of the response, `purged_at` marks a tombstone: gone from Cliniko at that instant.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FEEDS: dict[str, dict[str, str]] = {
    "patients": {
        "first_name": "text",
        "last_name": "text",
        "email": "text",
        "patient_phone_numbers": "jsonb",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "merged_at": "timestamptz",
        "merged_with_patient_id": "text",
    },
    "individual_appointments": {
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "cancelled_at": "timestamptz",
        "cancellation_reason": "bigint",
        "did_not_arrive": "boolean",
        "patient_arrived": "boolean",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "patient_id": "text",
        "practitioner_id": "text",
        "appointment_type_id": "text",
        "business_id": "text",
        "patient_case_id": "text",
    },
    "group_appointments": {
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "max_attendees": "bigint",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "practitioner_id": "text",
        "appointment_type_id": "text",
        "business_id": "text",
    },
    "attendees": {
        "arrived": "boolean",
        "cancelled_at": "timestamptz",
        "cancellation_reason": "bigint",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "booking_id": "text",
        "patient_id": "text",
        "patient_case_id": "text",
    },
    "appointment_types": {
        "name": "text",
        "category": "text",
        "duration_in_minutes": "bigint",
        "max_attendees": "bigint",
        "archived_at": "timestamptz",
    },
    "practitioners": {
        "display_name": "text",
        "first_name": "text",
        "last_name": "text",
        "designation": "text",
        "active": "boolean",
    },
    "businesses": {
        "business_name": "text",
        "display_name": "text",
        "country_code": "text",
        "time_zone_identifier": "text",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
    },
    "invoices": {
        "number": "bigint",
        "issue_date": "date",
        "status": "bigint",
        "net_amount": "numeric(20, 4)",
        "tax_amount": "numeric(20, 4)",
        "total_amount": "numeric(20, 4)",
        "closed_at": "timestamptz",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "patient_id": "text",
        "practitioner_id": "text",
        "business_id": "text",
        "attendee_id": "text",
        "appointment_id": "text",
        "original_invoice_id": "text",
    },
    "invoice_items": {
        "name": "text",
        "code": "text",
        "quantity": "numeric(20, 4)",
        "unit_price": "numeric(20, 4)",
        "net_price": "numeric(20, 4)",
        "discounted_amount": "numeric(20, 4)",
        "tax_rate": "numeric(20, 4)",
        "total_including_tax": "numeric(20, 4)",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "invoice_id": "text",
    },
    "treatment_notes": {
        "title": "text",
        "content": "jsonb",
        "draft": "boolean",
        "finalized_at": "timestamptz",
        "archived_at": "timestamptz",
        "deleted_at": "timestamptz",
        "patient_id": "text",
        "practitioner_id": "text",
        "booking_id": "text",
        "attendee_id": "text",
    },
    "communications": {
        "type_code": "bigint",
        "category_code": "bigint",
        "direction_code": "bigint",
        "archived_at": "timestamptz",
        "patient_id": "text",
        "booking_id": "text",
        "attendee_id": "text",
    },
    "patient_cases": {
        "issue_date": "date",
        "expiry_date": "date",
        "closed_at": "timestamptz",
        "max_sessions": "bigint",
        "archived_at": "timestamptz",
        "patient_id": "text",
    },
    "settings": {
        "name": "text",
        "country_code": "text",
        "currency_symbol": "text",
    },
}


def create_table(feed: str, columns: dict[str, str]) -> str:
    kept = "".join(f"    {name} {kind},\n" for name, kind in columns.items())
    return f"""
create table raw_cliniko.{feed} (
    organization_id text not null,
    id text not null,
    seen_at timestamptz not null,
    purged_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
{kept}    _dlt_load_id text not null,
    _dlt_id text not null
);
create index on raw_cliniko.{feed} (organization_id, id, updated_at desc, seen_at desc, _dlt_id desc);
create index on raw_cliniko.{feed} (organization_id, _dlt_load_id);
grant select, insert on raw_cliniko.{feed} to routiq_loader;
"""


def upgrade() -> None:
    op.execute("create schema raw_cliniko")
    op.execute("grant usage on schema raw_cliniko to routiq_loader")
    for feed, columns in FEEDS.items():
        op.execute(create_table(feed, columns))
