"""Where the environment is read for Dagster; the rest receives values."""

from typing import Self

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from warehouse.settings import HomeSettings

DAGSTER_USER = "operator"
DAGSTER_PASSWORD = "ROUTIQ_DAGSTER_PASSWORD"  # the name of the secret, not one  # noqa: S105


class DagsterSettings(HomeSettings):
    """Where its pages are, when a clinic is late, and whom to tell."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")

    dagster_port: int = Field(default=3000, ge=1, le=65535)
    stale_after_hours: float = Field(default=3, gt=0)
    alert_urls: str = Field(default="", description="addresses for Apprise, separated by commas or blanks")
    dagster_url: str = Field(default="", description="Dagster's pages as whoever is alerted reaches them")

    @property
    def alert_addresses(self) -> list[str]:
        return self.alert_urls.replace(",", " ").split()

    @property
    def dagster_pages(self) -> str:
        return self.dagster_url.rstrip("/") or f"http://127.0.0.1:{self.dagster_port}"


class DagsterWebSettings(DagsterSettings):
    """Dagster's web app: by which names it is called, who may come in, and whether to change anything."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")

    dagster_hosts: str = Field(default="", description="more hosts than those of loopback, comma list")
    dagster_read_only: bool = False
    dagster_password: SecretStr = Field(min_length=12)

    @classmethod
    def load(cls) -> Self:
        """Read the environment, then `secrets.env` of the home.

        Raises:
            pydantic.ValidationError: the password is missing (`routiq up` makes it).
        """
        return cls(_env_file=HomeSettings().home / "secrets.env")  # type: ignore[call-arg]

    @property
    def login(self) -> dict[str, str]:
        """What the operator types, to be printed for them."""
        return {"user": DAGSTER_USER, "password": self.dagster_password.get_secret_value()}

    @property
    def hosts(self) -> frozenset[str]:
        """What may stand in a request's `Host`: loopback with our port, and what was configured."""
        own = {f"{name}:{self.dagster_port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        return frozenset(own | set(self.dagster_hosts.lower().replace(",", " ").split()))
