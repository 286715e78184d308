"""The lists of Cliniko as data: what can be filtered, what hides a row, which routes exist. No behaviour.

A field's value is read from the member of its own name; a field `x_id` from the relation link of `x`.
"""

from dataclasses import dataclass, field
from typing import Literal, cast, get_args

Kind = Literal["dt", "date", "id", "int", "str", "bool", "arr"]
HIDING = ("archived_at", "deleted_at", "cancelled_at")

_FILTERABLE = {
    "patients": "accepted_privacy_policy bool, archived_at dt, created_at dt, date_of_birth date, email "
    "str, first_name str, id id, last_name str, old_reference_id str, preferred_first_name str, "
    "updated_at dt",
    "individual_appointments": "appointment_type_id id, archived_at dt, business_id id, cancelled_at "
    "dt, created_at dt, deleted_at dt, did_not_arrive bool, ends_at dt, id id, patient_id id, "
    "practitioner_id id, repeated_from_id id, starts_at dt, updated_at dt",
    "group_appointments": "appointment_type_id id, archived_at dt, business_id id, created_at dt, "
    "deleted_at dt, ends_at dt, id id, patient_ids arr, practitioner_id id, repeated_from_id id, "
    "starts_at dt, updated_at dt",
    "attendees": "appointment_id id, archived_at dt, booking_id id, cancelled_at dt, created_at dt, "
    "deleted_at dt, id id, patient_case_id id, patient_id id, updated_at dt",
    "appointment_types": "appointment_confirmation_template_ids arr, appointment_follow_up_template_ids "
    "arr, appointment_reminder_template_ids arr, archived_at dt, category str, created_at dt, id id, "
    "online_payments_mode str, show_in_online_bookings bool, updated_at dt",
    "practitioners": "active bool, created_at dt, id id, show_in_online_bookings bool, updated_at dt, "
    "user_id id",
    "businesses": "appointment_type_ids arr, archived_at dt, created_at dt, deleted_at dt, id id, "
    "show_in_online_bookings bool, updated_at dt",
    "invoices": "appointment_id id, archived_at dt, attendee_id id, business_id id, closed_at dt, "
    "created_at dt, deleted_at dt, id id, issue_date date, number int, original_invoice_id id, "
    "patient_id id, practitioner_id id, status int, updated_at dt",
    "invoice_items": "archived_at dt, created_at dt, deleted_at dt, id id, invoice_id id, "
    "source_item_id id, updated_at dt",
    "treatment_notes": "archived_at dt, attendee_id id, booking_id id, created_at dt, deleted_at dt, "
    "draft bool, id id, patient_id id, practitioner_id id, treatment_note_template_id id, updated_at dt",
    "communications": "archived_at dt, category_code int, created_at dt, id id, letter_id id, "
    "patient_id id, type_code int, updated_at dt",
    "patient_cases": "archived_at dt, closed_at dt, created_at dt, expiry_date date, id id, issue_date "
    "date, name str, patient_id id, referral_type str, updated_at dt",
    "medical_alerts": "archived_at dt, created_at dt, deleted_at dt, id id, patient_id id, updated_at dt",
    "unavailable_blocks": "archived_at dt, business_id id, created_at dt, deleted_at dt, ends_at dt, id "
    "id, practitioner_id id, repeated_from_id id, starts_at dt, unavailable_block_type_id id, "
    "updated_at dt",
    "unavailable_block_types": "archived_at dt, created_at dt, id id, updated_at dt",
    "users": "created_at dt, id id, updated_at dt",
    "referral_sources": "archived_at dt, created_at dt, id id, referral_source_type_id id, referrer_id "
    "id, updated_at dt",
    "referral_source_types": "archived_at dt, created_at dt, id id, updated_at dt",
    "contacts": "archived_at dt, company_name str, created_at dt, deleted_at dt, email str, first_name "
    "str, id id, last_name str, occupation str, type_code int, updated_at dt",
    "availability_blocks": "business_id id, created_at dt, id id, practitioner_id id, starts_at dt, "
    "updated_at dt",
    "daily_availabilities": "business_id id, created_at dt, id id, practitioner_id id, updated_at dt",
    "billable_items": "archived_at dt, created_at dt, id id, tax_id id, updated_at dt",
    "products": "archived_at dt, created_at dt, id id, name str, tax_id id, updated_at dt",
    "stock_adjustments": "archived_at dt, created_at dt, id id, product_id id, updated_at dt",
    "concession_types": "archived_at dt, created_at dt, id id, updated_at dt",
    "concession_prices": "billable_item_id id, concession_type_id id, created_at dt, id id, updated_at dt",
    "taxes": "created_at dt, id id, updated_at dt",
    "patient_forms": "archived_at dt, attendee_id id, completed_at dt, created_at dt, id id, patient_id "
    "id, updated_at dt",
    "patient_attachments": "archived_at dt, content_type str, created_at dt, description str, filename "
    "str, id id, patient_id id, processed_at dt, size int, updated_at dt, user_id id",
    "relationships": "archived_at dt, created_at dt, id id, patient_id id, updated_at dt",
    "practitioner_reference_numbers": "business_id id, created_at dt, id id, practitioner_id id, "
    "reference_number str, updated_at dt",
    "treatment_note_templates": "archived_at dt, created_at dt, deleted_at dt, id id, updated_at dt",
    "patient_form_templates": "archived_at dt, created_at dt, id id, updated_at dt",
    "services": "",
    "bookings": "appointment_type_id id, archived_at dt, business_id id, cancelled_at dt, created_at "
    "dt, deleted_at dt, did_not_arrive bool, email_reminder_sent bool, ends_at dt, id id, "
    "invoice_status int, patient_ids arr, practitioner_id id, repeated_from_id id, sms_reminder_sent "
    "bool, starts_at dt, treatment_note_status int, updated_at dt",
}

# Kept for other lists than the resource's own: the booking union filters by them.
_ALSO_KEPT = {
    "individual_appointments": "email_reminder_sent bool, invoice_status int, sms_reminder_sent bool, "
    "treatment_note_status int"
}

# Relations that do not bear their field's name; the first one present counts.
_RELATIONS = {
    ("attendees", "appointment_id"): ("booking",),
    ("invoice_items", "source_item_id"): ("billable_item", "product"),
}

BOOKING_KINDS = ("individual_appointments", "group_appointments", "unavailable_blocks")


def _kinds(text: str) -> dict[str, Kind]:
    pairs = [pair.split() for pair in text.split(", ") if pair]
    assert all(kind in get_args(Kind) for _, kind in pairs)  # noqa: S101 - our own table above
    return {name: cast(Kind, kind) for name, kind in pairs}


@dataclass(frozen=True)
class Resource:
    """One list: the fields that may be filtered, those held besides, and those that hide a row."""

    name: str
    filterable: dict[str, Kind]
    kept: dict[str, Kind] = field(default_factory=dict)

    @property
    def hiding(self) -> list[str]:
        return [name for name in HIDING if name in self.filterable]

    def members(self, name: str) -> tuple[str, ...]:
        """The members of a record that hold the field `name`."""
        if self.kept[name] == "id" and name != "id":
            return _RELATIONS.get((self.name, name), (name.removesuffix("_id"),))
        return (name,)


def _resource(name: str, text: str) -> Resource:
    always: dict[str, Kind] = {"id": "id", "created_at": "dt"}
    filterable = _kinds(text)
    return Resource(name, filterable, always | filterable | _kinds(_ALSO_KEPT.get(name, "")))


LISTS = {name: _resource(name, text) for name, text in _FILTERABLE.items()}
STORED = [name for name in LISTS if name != "bookings"]

# /{parent}/{id}/{list}: the field of the list that equals the parent's id; None where records do not tell.
NESTED: dict[tuple[str, str], str | None] = {
    ("practitioners", "appointment_types"): None,
    ("appointment_types", "practitioners"): None,
    ("businesses", "practitioners"): None,
    ("businesses", "services"): None,
    ("group_appointments", "attendees"): "booking_id",
    ("individual_appointments", "attendees"): "booking_id",
    ("patient_cases", "attendees"): "patient_case_id",
    ("businesses", "daily_availabilities"): "business_id",
    ("practitioners", "daily_availabilities"): "practitioner_id",
    ("appointments", "invoices"): "appointment_id",
    ("attendees", "invoices"): "attendee_id",
    ("patients", "invoices"): "patient_id",
    ("practitioners", "invoices"): "practitioner_id",
    ("invoices", "invoice_items"): "invoice_id",
    ("patients", "medical_alerts"): "patient_id",
    ("patients", "patient_attachments"): "patient_id",
    ("attendees", "patient_forms"): "attendee_id",
    ("practitioners", "practitioner_reference_numbers"): "practitioner_id",
    ("patients", "treatment_notes"): "patient_id",
}

NO_SINGLE = {"referral_sources", "services"}
ARCHIVABLE = {
    "appointment_types",
    "attendees",
    "billable_items",
    "businesses",
    "communications",
    "contacts",
    "group_appointments",
    "individual_appointments",
    "medical_alerts",
    "patients",
    "patient_attachments",
    "patient_cases",
    "patient_forms",
    "patient_form_templates",
    "products",
    "relationships",
    "treatment_notes",
    "treatment_note_templates",
    "unavailable_blocks",
    "unavailable_block_types",
}
UNARCHIVABLE = {"businesses", "patients", "treatment_notes"}
# DELETE is deprecated and archives; these never had it.
NOT_DELETABLE = {
    "communications",
    "patient_cases",
    "patient_forms",
    "patient_form_templates",
    "relationships",
    "unavailable_block_types",
}
CANCELLABLE = {"individual_appointments", "attendees"}
CANCELLATION_REASONS = {
    10: "Feeling Better",
    20: "Condition Worse",
    30: "Sick",
    31: "COVID-19 related",
    40: "Away",
    50: "Other",
    60: "Work",
}
