"""What a clinic must have and its folder need not: one business, the key's user and the settings."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from sandbox.cliniko.clinic import Profile

_HOST = "https://api.au1.cliniko.com/v1"
_BEGINNING = "2020-01-01T00:00:00Z"
_COUNTRIES = {
    "AU": "Australia",
    "CA": "Canada",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "NZ": "New Zealand",
    "US": "United States",
}
_ONCE_SHARED = str(10**18 + 10**15)  # the id of all clinics drawn before each had its own
_CURRENCIES = {"GB": "£", "IE": "€"}
PUBLIC_GROUPS = (
    "account",
    "calendar",
    "documents_and_printing",
    "integrations",
    "online_bookings",
    "online_payments",
    "patient_custom_fields_definition",
    "patient_privacy",
    "reminders",
    "sms",
    "terminology",
    "wait_list",
)


def stable_id(*parts: str) -> str:
    """An id beyond 2^53 that is the same at every start."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return str(10**18 + int.from_bytes(digest[:7]))


def _zone_label(profile: "Profile") -> str:
    return profile.time_zone.rpartition("/")[2].replace("_", " ")


def country_code(country: str) -> str:
    names = {name: code for code, name in _COUNTRIES.items()}
    return names.get(country, country)


def business(profile: "Profile", folder: str) -> dict[str, Any]:
    record_id = stable_id(folder, "business")
    link = f"{_HOST}/businesses/{record_id}"
    code = country_code(profile.country)
    return {
        "id": record_id,
        "appointment_type_ids": [],
        "appointments": {"links": {"self": f"{link}/appointments"}},
        "archived_at": None,
        "business_name": profile.name,
        "country": _COUNTRIES.get(code, code),
        "country_code": code,
        "created_at": _BEGINNING,
        "display_name": profile.name,
        "label": profile.name,
        "practitioners": {"links": {"self": f"{link}/practitioners"}},
        "show_in_online_bookings": True,
        "time_zone": _zone_label(profile),
        "time_zone_identifier": profile.time_zone,
        "updated_at": _BEGINNING,
        "links": {"self": link},
    }


def user(profile: "Profile", folder: str) -> dict[str, Any]:
    record_id = stable_id(folder, "user")
    return {
        "id": record_id,
        "active": True,
        "created_at": _BEGINNING,
        "email": "desk@example.com",
        "first_name": "Front",
        "last_name": "Desk",
        "phone_numbers": [],
        "role": "receptionist" if profile.forbidden else "administrator",
        "time_zone": _zone_label(profile),
        "time_zone_identifier": profile.time_zone,
        "title": None,
        "updated_at": _BEGINNING,
        "user_active": True,
        "links": {"self": f"{_HOST}/users/{record_id}"},
    }


MISSING: dict[str, Callable[["Profile", str], dict[str, Any]]] = {"businesses": business, "users": user}


def settings(folder: Path, profile: "Profile") -> dict[str, Any]:
    """The folder's settings.json, or the few members that every account has."""
    path = folder / "settings.json"
    if not path.is_file():
        return _default_settings(profile, folder.name)
    try:
        found = json.loads(path.read_text())
    except ValueError:
        raise SandboxError(f"{path}: is not valid JSON") from None
    if not isinstance(found, dict):
        raise SandboxError(f"{path}: is not a JSON object")
    account = found.get("account")
    if isinstance(account, dict) and account.get("id") == _ONCE_SHARED:
        account["id"] = stable_id(folder.name, "account")
    return found


def _default_settings(profile: "Profile", folder: str) -> dict[str, Any]:
    code = country_code(profile.country)
    return {
        "account": {
            "id": stable_id(folder, "account"),
            "name": profile.name,
            "country": _COUNTRIES.get(code, code),
            "country_code": code,
            "currency_symbol": _CURRENCIES.get(code, "$"),
            "subdomain": "".join(
                each for each in folder.lower().replace("_", "-") if each.isalnum() or each == "-"
            ),
            "has_time_travelers": False,
            "time_zone_support": True,
        },
        "online_payments": {"activated": False},
        "patient_custom_fields_definition": None,
        "reminders": {"default_reminder_type": "SMS & Email"},
        "terminology": {"patient": "patient", "titles": ["Mr", "Ms", "Dr"]},
    }


def public(settings: dict[str, Any]) -> dict[str, Any]:
    return {group: settings[group] for group in PUBLIC_GROUPS if group in settings}
