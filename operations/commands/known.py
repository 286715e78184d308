"""Who a command is about must be there: a typing error is said, not answered with nothing."""

from typing import TYPE_CHECKING

from operations.errors import CommandError

if TYPE_CHECKING:
    from warehouse.organizations import Organization
    from warehouse.settings import Settings


def known_organization(settings: "Settings", organization_id: str) -> "Organization":
    from warehouse.organizations import list_organizations  # noqa: PLC0415 - help must answer at once

    for one in list_organizations(settings):
        if one.organization_id == organization_id:
            return one
    raise CommandError(f"no organization is called {organization_id}; see `routiq org list`")
