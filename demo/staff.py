"""Who works at the two clinics of the demo: nobody who exists, all at example.com."""

import json
from pathlib import Path

from demo.clinics import FIRST, SECOND
from sandbox.clerk.directory import Member, Organization

# Whom the demo's tokens speak for, unless they name another.
RECEPTION = Member(
    user_id="user_2sandboxSandboxSandboxSand",
    first_name="Robin",
    last_name="Reception",
    email="robin.reception@example.com",
)
STAFF = {
    FIRST: [
        RECEPTION,
        Member(
            user_id="user_2harbourOwner",
            first_name="Harper",
            last_name="Harbour",
            email="harper.harbour@example.com",
            role="admin",
            created_days_ago=390,
        ),
        Member(
            user_id="user_2harbourPhysio",
            first_name="Sam",
            last_name="Sample",
            email="sam.sample@example.com",
            created_days_ago=3,
            signed_in_days_ago=None,
        ),
    ],
    SECOND: [
        RECEPTION,
        Member(
            user_id="user_2quaysideOwner",
            first_name="Quinn",
            last_name="Quayside",
            email="quinn.quayside@example.com",
            role="admin",
            created_days_ago=390,
        ),
        Member(
            user_id="user_2quaysidePast",
            first_name="Pat",
            last_name="Placeholder",
            email="pat.placeholder@example.com",
            banned=True,
        ),
    ],
}


def write_directory(path: Path, operator: str) -> None:
    """Write it as the sandbox's Clerk reads it; the operator belongs to the first clinic."""
    guest = Member(user_id=operator, first_name="Olive", last_name="Operator", email="olive@example.com")
    organizations = [
        Organization(
            id=clinic.organization_id,
            name=clinic.name,
            members=[*members, *([guest] if clinic is FIRST else [])],
        )
        for clinic, members in STAFF.items()
    ]
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps([one.model_dump() for one in organizations], indent=2))
