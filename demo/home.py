"""Whether this home is the demo's to use: seen before anything is started for it, or written."""

import psycopg
from pydantic import ValidationError

from demo.clinics import CLINICS
from operations.errors import CommandError
from operations.sign_in import accounts
from warehouse.bootstrap import embedded_server
from warehouse.embedded import EmbeddedPostgresError
from warehouse.loopback import is_loopback_url
from warehouse.settings import Settings


def require_demo_home() -> None:
    """A database that stands still is started for a look; where it has somebody real, it is stopped again.

    Raises:
        CommandError: there are organizations that are not the demo's, or nobody can tell.
    """
    try:
        settings = Settings.load()
    except ValidationError:
        return  # without secrets nothing was ever made here
    try:
        strangers = _strangers_at_rest(settings) if settings.is_embedded else _strangers(settings)
    except (EmbeddedPostgresError, psycopg.Error) as error:
        raise CommandError(
            f"whether this ROUTIQ_HOME holds real clinics cannot be seen ({str(error).strip()}); "
            "for a demo of its own, set ROUTIQ_HOME to another folder (and no DATABASE_URL)"
        ) from None
    if strangers:
        raise CommandError(
            f"this ROUTIQ_HOME holds other organizations ({', '.join(strangers)}); nothing was started. The "
            "demo wants a home of its own: set ROUTIQ_HOME to another folder (and no DATABASE_URL)"
        )


def _strangers_at_rest(settings: Settings) -> list[str]:
    server = embedded_server(settings)
    if not (server.data / "PG_VERSION").exists():
        return []
    was_running = server.is_running()
    server.start()
    strangers = _strangers(settings)
    if strangers and not was_running:
        server.stop()
    return strangers


def _strangers(settings: Settings) -> list[str]:
    ours = {clinic.organization_id for clinic in CLINICS}
    known = accounts(settings)
    return [name for name, base_url in known.items() if name not in ours or not is_loopback_url(base_url)]
