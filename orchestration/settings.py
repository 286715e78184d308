"""Where the environment is read for running the processes; the rest receives values."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from warehouse.settings import HomeSettings


class PlatformSettings(HomeSettings):
    """Where the processes listen and whom they alert."""

    model_config = SettingsConfigDict(env_prefix="ROUTIQ_", extra="ignore")

    api_port: int = Field(default=8000, ge=1, le=65535)
    dagster_port: int = Field(default=3000, ge=1, le=65535)
    cliniko_port: int = Field(default=8091, ge=1, le=65535)
    clerk_port: int = Field(default=8092, ge=1, le=65535)
    alert_urls: str = Field(default="", description="addresses for Apprise, separated by commas or blanks")
