"""Who may make tokens, seen from the commands: never remembered, and no sandbox beside patients who exist."""

import psycopg

from operations.errors import CommandError
from operations.settings import PlatformSettings
from warehouse.bootstrap import is_made
from warehouse.loopback import is_loopback_url
from warehouse.settings import Settings

# What every version of the schema has: it is also asked before the schema is touched.
ACCOUNTS = """
select organization_id, coalesce(base_url, '')
from app.organizations left join app.cliniko_credentials using (organization_id)
order by organization_id
"""


def accounts(settings: Settings) -> dict[str, str]:
    """Organization -> where its Cliniko is, empty where none is known. Nobody where nothing was made yet."""
    if not is_made(settings):
        return {}
    with psycopg.connect(settings.url("loader"), connect_timeout=10) as connection:
        known = connection.execute("select to_regclass('app.organizations') is not null").fetchone()
        return dict(connection.execute(ACCOUNTS).fetchall()) if known and known[0] else {}


def require_fitting_issuer(settings: Settings, platform: PlatformSettings) -> None:
    """Anybody on this machine can have tokens of an issuer that is on it.

    Raises:
        CommandError: such an issuer is set, and an organization's Cliniko is elsewhere: its patients exist.
    """
    if not platform.has_loopback_issuer or platform.allow_loopback_issuer:
        return
    if strangers := [name for name, base_url in accounts(settings).items() if not is_loopback_url(base_url)]:
        raise CommandError(
            f"{platform.clerk_issuer} is on this machine, where anybody can have tokens made, and "
            f"{', '.join(strangers)} would be shown on them. Set ROUTIQ_CLERK_ISSUER to your Clerk's address "
            "(or ROUTIQ_ALLOW_LOOPBACK_ISSUER=1 if this is meant)"
        )
