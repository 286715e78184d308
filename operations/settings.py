"""Where the environment is read for running the processes; the rest receives values."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from operations.errors import CommandError
from orchestration.settings import DagsterSettings
from warehouse.api_settings import ApiSettings


class PlatformSettings(DagsterSettings, ApiSettings):
    """Where the processes listen, whose tokens are taken, and whom Dagster alerts."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")

    docs_port: int = Field(default=8081, ge=1, le=65535)
    cliniko_port: int = Field(default=8091, ge=1, le=65535)
    clerk_port: int = Field(default=8092, ge=1, le=65535)

    def require_sign_in(self) -> None:
        """The API trusts no issuer by default, so it would not start.

        Raises:
            CommandError: it is not said whose tokens are taken, or from which pages.
        """
        wanted = {
            "ROUTIQ_CLERK_ISSUER": self.clerk_issuer,
            "ROUTIQ_CLERK_AUTHORIZED_PARTIES": self.clerk_authorized_parties,
        }
        if missing := [name for name, value in wanted.items() if not value]:
            raise CommandError(
                f"{' and '.join(missing)} must be set: whose tokens the API takes, and from which pages "
                "(see .env.example). Neither is remembered from an earlier start; "
                "a demo is started again by `make demo`, which brings an issuer of its own"
            )
