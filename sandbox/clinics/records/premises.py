"""The clinic's own records: settings, businesses, practitioners, users, kinds of appointments."""

from sandbox.clinics.clock import iso, maybe_iso
from sandbox.clinics.records.base import Record, link, listed, money, one_of, own
from sandbox.clinics.records.patients import COUNTRIES
from sandbox.clinics.story import AppointmentType, Business, Clinic, Practitioner

CURRENCY = {"AU": "$", "US": "$", "GB": "£"}


def business_record(clinic: Clinic, business: Business) -> Record:
    record_id = business.id
    name = f"{business.name} - {business.city}"
    live_types = [one.id for one in clinic.appointment_types if one.removed_at is None]
    return {
        "id": record_id,
        "additional_information": None,
        "additional_invoice_information": None,
        "address_1": "2 Invented Lane",
        "address_2": None,
        "appointment_reminders_enabled": True,
        "appointment_type_ids": live_types,
        "appointments": link(f"businesses/{record_id}/appointments"),
        "archived_at": maybe_iso(business.removed_at),
        "business_name": business.name,
        "business_registration_name": "ABN",
        "business_registration_value": "00 000 000 000",
        "city": business.city,
        "contact_information": None,
        "country": COUNTRIES.get(clinic.country, clinic.country),
        "country_code": clinic.country,
        "created_at": iso(business.created_at),
        "deleted_at": maybe_iso(business.removed_at),
        "display_name": name,
        "email_reply_to": "desk@example.com",
        "label": name,
        "post_code": "0000",
        "practitioners": link(f"businesses/{record_id}/practitioners"),
        "show_in_online_bookings": True,
        "state": "",
        "time_zone": business.time_zone.rpartition("/")[2].replace("_", " "),
        "time_zone_identifier": business.time_zone,
        "updated_at": iso(business.updated_at),
        "website_address": None,
        "links": own("businesses", record_id),
    }


def practitioner_record(clinic: Clinic, practitioner: Practitioner) -> Record:
    record_id = practitioner.id
    return {
        "id": record_id,
        "active": practitioner.active,
        "appointment_types": link(f"practitioners/{record_id}/appointment_types"),
        "appointments": link(f"practitioners/{record_id}/appointments"),
        "created_at": iso(practitioner.created_at),
        "default_appointment_type": link(f"appointment_types/{clinic.appointment_types[1].id}"),
        "description": None,
        "designation": one_of(record_id, 1, ("Physiotherapist", "Osteopath", "Massage therapist")),
        "display_name": practitioner.display_name,
        "first_name": practitioner.first_name,
        "invoices": link(f"practitioners/{record_id}/invoices"),
        "label": practitioner.display_name,
        "last_name": practitioner.last_name,
        "practitioner_reference_numbers": link(f"practitioners/{record_id}/practitioner_reference_numbers"),
        "show_in_online_bookings": practitioner.active,
        "title": practitioner.title,
        "updated_at": iso(practitioner.updated_at),
        "user": link(f"users/{practitioner.user_id}"),
        "links": own("practitioners", record_id),
    }


def user_records(clinic: Clinic) -> list[Record]:
    """The first is the administrator the API key belongs to; the others are the practitioners."""
    opened = min(one.created_at for one in clinic.businesses)
    owner_id = str(int(clinic.account_id) + 1)
    owner = Practitioner("", owner_id, "Mx", "Owner", "Fennelwick", True, opened, opened)
    return [
        _user(clinic, person, "practitioner" if person.id else "administrator")
        for person in (owner, *clinic.practitioners)
    ]


def _user(clinic: Clinic, person: Practitioner, role: str) -> Record:
    return {
        "id": person.user_id,
        "active": person.active,
        "created_at": iso(person.created_at),
        "email": f"user.{person.user_id[-6:]}@example.com",
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone_numbers": [],
        "role": role,
        "time_zone": clinic.time_zone.rpartition("/")[2],
        "time_zone_identifier": clinic.time_zone,
        "title": person.title,
        "updated_at": iso(person.updated_at),
        "user_active": person.active,
        "links": own("users", person.user_id),
    }


def appointment_type_record(kind: AppointmentType) -> Record:
    record_id = kind.id
    return {
        "id": record_id,
        "add_deposit_to_account_credit": None,
        "appointment_confirmation_template_ids": None,
        "appointment_follow_up_template_ids": None,
        "appointment_reminder_template_ids": None,
        "appointment_type_billable_items": listed(
            "appointment_type_billable_items", "appointment_type_id", record_id
        ),
        "appointment_type_products": listed("appointment_type_products", "appointment_type_id", record_id),
        "archived_at": maybe_iso(kind.removed_at),
        "category": kind.category,
        "color": one_of(record_id, 1, ("#3FA7D6", "#59CD90", "#FAC05E", "#EE6352")),
        "created_at": iso(kind.created_at),
        "deposit_price": money(2_500),
        "description": "",
        "duration_in_minutes": kind.minutes,
        "max_attendees": kind.max_attendees,
        "name": kind.name,
        "online_bookings_lead_time_hours": 4,
        "online_payments_enabled": False,
        "online_payments_mode": "optional",
        "practitioners": link(f"appointment_types/{record_id}/practitioners"),
        "show_in_online_bookings": kind.removed_at is None,
        "telehealth_enabled": "Telehealth" in kind.name,
        "updated_at": iso(kind.updated_at),
        "links": own("appointment_types", record_id),
    }


def settings_record(clinic: Clinic) -> Record:
    """The public settings: one object, no list."""
    account = {
        "country": COUNTRIES.get(clinic.country, clinic.country),
        "country_code": clinic.country,
        "currency_symbol": CURRENCY.get(clinic.country, "$"),
        "has_time_travelers": False,
        "id": clinic.account_id,
        "name": clinic.name,
        "subdomain": clinic.name.lower().replace(" ", "-"),
        "time_zone_support": True,
    }
    return {
        "account": account,
        "calendar": {
            "end_hour": 23,
            "multiple_appointments_gap": False,
            "show_current_time_indicator": True,
            "start_hour": 0,
            "timeslot_height_in_pixels": 15,
            "timeslot_size_in_minutes": 15,
        },
        "documents_and_printing": {"logo_height": 80, "logo_url": None},
        "integrations": {"mail_chimp": {}, "xero": {}},
        "online_bookings": {"enabled": True, "min_hours_notice_for_patient_cancellation": 24, "policy": None},
        "online_payments": {"activated": False},
        "patient_custom_fields_definition": None,
        "patient_privacy": {"requires_hipaa_compliance": False},
        "reminders": {"default_reminder_type": "SMS & Email"},
        "sms": {"max_message_length": None, "replies_supported": True},
        "terminology": {"patient": "client", "titles": ["Mr", "Ms", "Mx", "Dr"]},
        "wait_list": {"default_wait_list_expiry_period": 14},
    }
