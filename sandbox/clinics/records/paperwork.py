"""Invoices, their items, treatment notes and patient cases."""

from datetime import UTC, datetime, timedelta

from sandbox.clinics.clock import iso, maybe_iso
from sandbox.clinics.records.base import Record, link, listed, maybe_link, money, one_of, own, present, some
from sandbox.clinics.story import Case, Invoice, Item, Note, Patient

COMPLAINTS = (
    "Invented stiffness of the left shoulder",
    "Fictional ache of the knee",
    "An example of a sore back",
)
STATUS = {10: "Open", 20: "Paid", 40: "Open credit"}


def _tax(item: Item) -> int:
    """One item in four carries a tenth of tax, inside its price."""
    gross = item.quantity * item.unit_cents
    return round(gross / 11) if some(item.id, 1, 4) == 0 else 0


def invoice_record(patient: Patient, invoice: Invoice) -> Record:
    record_id = invoice.id
    status = 40 if invoice.original_id else 20 if invoice.closed_at else 10
    tax = sum(_tax(item) for item in invoice.items)
    record: Record = {"id": record_id}
    record |= present(
        appointment=maybe_link("appointments", invoice.booking_id),
        attendee=maybe_link("attendees", invoice.attendee_id),
        business=link(f"businesses/{invoice.business_id}"),
        invoice_items=link(f"invoices/{record_id}/invoice_items"),
        original_invoice=maybe_link("invoices", invoice.original_id),
        patient=link(f"patients/{patient.id}"),
        practitioner=link(f"practitioners/{invoice.practitioner_id}"),
        reversed_invoices=listed("invoices", "invoice_id", record_id),
    )
    record |= {
        "archived_at": maybe_iso(invoice.removed_at),
        "calculation_method": 3,
        "calculation_method_description": "Tax inclusive",
        "closed_at": maybe_iso(invoice.closed_at),
        "created_at": iso(invoice.created_at),
        "deleted_at": maybe_iso(invoice.removed_at),
        "discounted_amount": "0.0",
        "invoice_to": f"{patient.first_name} {patient.last_name}\r\n1 Invented Lane",
        "issue_date": iso(invoice.created_at)[:10],
        "net_amount": money(invoice.total_cents - tax),
        "notes": "",
        "number": invoice.number,
        "online_payment_url": None,
        "patient_extra_information": "",
        "status": status,
        "status_description": STATUS[status],
        "tax_amount": money(tax),
        "total_amount": money(invoice.total_cents),
        "updated_at": iso(invoice.updated_at),
        "links": own("invoices", record_id),
    }
    return record


def invoice_item_record(invoice: Invoice, item: Item) -> Record:
    gross = item.quantity * item.unit_cents
    tax = _tax(item)
    return {
        "id": item.id,
        "archived_at": maybe_iso(invoice.removed_at),
        "billable_item": link("billable_items/1000000000000000001"),
        "code": f"FIC-{some(item.id, 2, 90) + 10}",
        "concession_type_name": None,
        "created_at": iso(invoice.created_at),
        "deleted_at": maybe_iso(invoice.removed_at),
        "discount_percentage": None,
        "discounted_amount": "0.0",
        "invoice": link(f"invoices/{invoice.id}"),
        "is_monetary_discount": None,
        "name": item.name,
        "net_price": money(gross - tax),
        "quantity": f"{item.quantity}.0",
        "tax_amount": money(tax),
        "tax_name": "GST" if tax else None,
        "tax_rate": "10.0" if tax else None,
        "total_including_tax": gross / 100,
        "unit_price": money(item.unit_cents),
        "updated_at": iso(invoice.updated_at),
        "links": own("invoice_items", item.id),
    }


def treatment_note_record(patient: Patient, note: Note, author: str) -> Record:
    record_id = note.id
    record: Record = {"id": record_id}
    record |= present(
        attendee=maybe_link("attendees", note.attendee_id),
        booking=maybe_link("bookings", note.booking_id),
        patient=link(f"patients/{patient.id}"),
        practitioner=link(f"practitioners/{note.practitioner_id}"),
        treatment_note_template=link("treatment_note_templates/1000000000000000002"),
    )
    record |= {
        "archived_at": maybe_iso(note.removed_at),
        "author_name": author,
        "content": _content(record_id),
        "created_at": iso(note.created_at),
        "deleted_at": maybe_iso(note.removed_at),
        "draft": note.draft,
        "finalized_at": None if note.draft else iso(note.created_at),
        "pinned_at": None,
        "title": "Consultation",
        "updated_at": iso(note.updated_at),
        "links": own("treatment_notes", record_id),
    }
    return record


def _content(record_id: str) -> Record:
    left = some(record_id, 1, 2) == 0
    questions = [
        {"name": "Complaint", "type": "text", "answer": one_of(record_id, 2, COMPLAINTS)},
        {"name": "Plan", "type": "paragraph", "answer": "<p>Review in <b>2 weeks</b></p>"},
        {
            "name": "Side",
            "type": "radiobuttons",
            "answers": [{"value": "Left", "selected": left}, {"value": "Right", "selected": not left}],
        },
    ]
    return {"sections": [{"name": "Subjective", "description": None, "questions": questions}]}


def patient_case_record(patient: Patient, case: Case, *, with_attendees: bool) -> Record:
    record_id = case.id
    began = datetime.fromtimestamp(case.created_at, UTC).date()
    seats = [visit.attendee_id for visit in patient.visits if visit.case_id == record_id and with_attendees]
    is_referral = some(record_id, 1, 3) == 0
    return {
        "id": record_id,
        "archived_at": maybe_iso(case.removed_at),
        "attendee_ids": seats,
        "attendees": link(f"patient_cases/{record_id}/attendees"),
        "bookings": link(f"patient_cases/{record_id}/bookings"),
        "closed": case.closed_at is not None,
        "closed_at": maybe_iso(case.closed_at),
        "created_at": iso(case.created_at),
        "expiry_date": (began + timedelta(days=365)).isoformat(),
        "include_cancelled_attendees": False,
        "include_dna_attendees": False,
        "invoices": link(f"patient_cases/{record_id}/invoices"),
        "issue_date": began.isoformat(),
        "max_invoiceable_amount": None,
        "max_sessions": 5 if is_referral else None,
        "name": case.name,
        "notes": None,
        "patient": link(f"patients/{patient.id}"),
        "patient_attachments": link(f"patient_cases/{record_id}/patient_attachments"),
        "referral": is_referral,
        "referral_type": "medicare" if is_referral else None,
        "updated_at": iso(case.updated_at),
        "links": own("patient_cases", record_id),
    }
