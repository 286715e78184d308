"""Who belongs to which organization in the sandbox's Clerk, and how Clerk writes each of them.

Only what Clerk's Backend API shows: whole objects, times in milliseconds, keys as Clerk spells them.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

DAY_MS = 24 * 3600 * 1000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Member(BaseModel):
    """A user and what he is in the organization; times count back from now, null where it never was."""

    model_config = ConfigDict(extra="forbid")

    user_id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    role: str = "member"
    created_days_ago: float = 100
    signed_in_days_ago: float | None = 1
    banned: bool = False


class Organization(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    name: str
    created_days_ago: float = 400
    members: list[Member] = Field(default_factory=list)


@dataclass
class Directory:
    """The organizations by id; their members in the order in which they joined."""

    organizations: dict[str, Organization] = field(default_factory=dict)

    def put(self, organization: Organization) -> None:
        self.organizations[organization.id] = organization

    def find(self, id_or_slug: str) -> Organization | None:
        """Clerk takes the one or the other."""
        found = self.organizations.get(id_or_slug)
        return found or next((one for one in self.organizations.values() if slug(one.id) == id_or_slug), None)

    def users(self) -> dict[str, Member]:
        return {one.user_id: one for known in self.organizations.values() for one in known.members}


def slug(organization_id: str) -> str:
    return organization_id.replace("_", "-").lower()


def organization_object(organization: Organization) -> dict[str, Any]:
    created = now_ms() - int(organization.created_days_ago * DAY_MS)
    return {
        "object": "organization",
        "id": organization.id,
        "name": organization.name,
        "slug": slug(organization.id),
        "image_url": "https://img.example.com/none.png",
        "has_image": False,
        "max_allowed_memberships": 50,
        "admin_delete_enabled": True,
        "public_metadata": {},
        "private_metadata": {},
        "created_at": created,
        "updated_at": created,
    }


def membership_object(organization: Organization, member: Member) -> dict[str, Any]:
    created = now_ms() - int(member.created_days_ago * DAY_MS)
    return {
        "object": "organization_membership",
        "id": f"orgmem_{organization.id.removeprefix('org_')}_{member.user_id.removeprefix('user_')}",
        "role": f"org:{member.role}",
        "role_name": member.role.title(),
        "permissions": [],
        "public_metadata": {},
        "private_metadata": {},
        "organization": organization_object(organization),
        "public_user_data": {
            "user_id": member.user_id,
            "first_name": member.first_name,
            "last_name": member.last_name,
            "image_url": "https://img.example.com/none.png",
            "profile_image_url": None,
            "has_image": False,
            "identifier": member.email,
        },
        "created_at": created,
        "updated_at": created,
    }


def user_object(member: Member) -> dict[str, Any]:
    created = now_ms() - int(member.created_days_ago * DAY_MS)
    seen = member.signed_in_days_ago
    signed_in = None if seen is None else now_ms() - int(seen * DAY_MS)
    nothing = dict.fromkeys(
        (
            *("external_id", "primary_phone_number_id", "primary_web3_wallet_id", "username"),
            *("mfa_enabled_at", "mfa_disabled_at", "lockout_expires_in_seconds", "legal_accepted_at"),
        )
    )
    return nothing | {
        "object": "user",
        "id": member.user_id,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "primary_email_address_id": None if member.email is None else f"idn_{member.user_id}",
        "email_addresses": [] if member.email is None else [_email_object(member, member.email, created)],
        "phone_numbers": [],
        "web3_wallets": [],
        "passkeys": [],
        "external_accounts": [],
        "saml_accounts": [],
        "enterprise_accounts": [],
        "has_image": False,
        "public_metadata": {},
        "password_enabled": True,
        "two_factor_enabled": False,
        "totp_enabled": False,
        "backup_code_enabled": False,
        "banned": member.banned,
        "locked": False,
        "verification_attempts_remaining": 100,
        "delete_self_enabled": True,
        "create_organization_enabled": False,
        "last_sign_in_at": signed_in,
        "last_active_at": signed_in,
        "created_at": created,
        "updated_at": created,
    }


def _email_object(member: Member, address: str, created: int) -> dict[str, Any]:
    return {
        "object": "email_address",
        "id": f"idn_{member.user_id}",
        "email_address": address,
        "reserved": False,
        "verification": None,
        "linked_to": [],
        "created_at": created,
        "updated_at": created,
    }
